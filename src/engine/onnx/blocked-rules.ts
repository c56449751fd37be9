/** @file Operations that work on blocked images as they are. */
import { type Atom, type Equation, isLiteral, type OperationName } from "../graph/graph.js";
import { sameShape } from "../spec.js";
import { elementwiseRules } from "./elementwise-rules.js";
import type { Lowering } from "./lowering.js";
import { poolNode } from "./pool-node.js";

/** Writes an equation in terms of blocked operands where that saves reordering them; whether it did. */
export function lowerBlocked(equation: Equation, lowering: Lowering): boolean {
  const { op, inputs, outputs } = equation;
  if (op === "recompute" && lowering.isBlocked(inputs[0])) {
    lowering.defineBlocked(outputs[0], lowering.renamed(lowering.blocked(inputs[0]), inputs[0].shape));
    return true;
  }
  const blocked = inputs.some((input) => lowering.isBlockedOnly(input) || (op === "pool" && lowering.isBlocked(input)));
  if (!blocked && !(makesImages.has(op) && lowering.fitsBlocks(outputs[0]))) return false;
  if (op in elementwiseRules) return elementwise(equation, lowering);
  const rule = rules[op as keyof Rules] as ((equation: Equation, lowering: Lowering) => boolean) | undefined;
  return rule?.(equation, lowering) ?? false;
}

/** Operations whose result is best blocked, whatever their operands are. */
const makesImages = new Set<OperationName>(["fromStorage", "upsample"]);

type Rules = { [O in OperationName]?: (equation: Equation<O>, lowering: Lowering) => boolean };

const rules: Rules = {
  fromStorage: ({ inputs, outputs }, lowering) => {
    const [flat, image] = [inputs[0], outputs[0]];
    lowering.defineBlocked(image, lowering.reshape(lowering.full(flat), flat.shape, image.shape));
    return true;
  },
  upsample: ({ inputs, params, outputs }, lowering) => {
    const attributes = { scales: [1, 1, ...params.factors], mode: "nearest" };
    lowering.defineBlocked(outputs[0], lowering.blockedNode("Upsample", [lowering.blocked(inputs[0])], attributes));
    return true;
  },
  sumPool: ({ inputs, params, outputs }, lowering) => {
    const attributes = { kernel_shape: params.factors, strides: params.factors };
    const mean = lowering.blockedNode("AveragePool", [lowering.blocked(inputs[0])], attributes);
    const tile = lowering.model.scalar(params.factors[0] * params.factors[1], "float32");
    lowering.defineBlocked(outputs[0], lowering.node("Mul", [mean, tile])[0]);
    return true;
  },
  pool: ({ inputs, params, outputs }, lowering) => {
    lowering.defineBlocked(outputs[0], lowering.blockedNode(...poolNode(lowering.blocked(inputs[0]), params)));
    return true;
  },
  concatenate: ({ inputs, params, outputs }, lowering) => {
    if (params.axis !== 1 || !inputs.every((input) => lowering.fitsBlocks(input))) return false;
    const images = inputs.map((input) => lowering.blocked(input));
    lowering.defineBlocked(outputs[0], lowering.node("Concat", images, { axis: 1 })[0]);
    return true;
  },
  split: ({ inputs, params, outputs }, lowering) => {
    if (params.axis !== 1 || !params.sizes.every((size) => size % lowering.block === 0)) return false;
    const parts = lowering.split(lowering.blocked(inputs[0]), 1, params.sizes);
    outputs.forEach((part, index) => {
      lowering.defineBlocked(part, parts[index]);
    });
    return true;
  },
  transpose: ({ inputs, params, outputs }, lowering) => {
    if (String(params.permutation) !== "0,2,3,1") return false;
    lowering.define(outputs[0], lowering.channelsLast(inputs[0] as (typeof outputs)[0]));
    return true;
  },
  reduce: ({ inputs: [x], params, outputs: [output] }, lowering) => {
    const [n, c, h, w] = x.shape;
    const { block } = lowering;
    if (params.op !== "sum") return false;
    const image = (shape: readonly number[]) => lowering.reshape(lowering.blocked(x), x.shape, shape);
    // One axis at a time: ONNX Runtime is slow at sums over two that are far apart.
    if (String(params.axes) === "0,2,3") {
      const perImage = lowering.sum(image([(n * c) / block, h * w, block]), 1);
      lowering.define(output, lowering.sum(lowering.reshape(perImage, [(n * c) / block, block], [n, c]), 0));
      return true;
    }
    if (String(params.axes) === "1") {
      const perBlock = lowering.sum(image([n, c / block, h * w, block]), 3);
      lowering.define(output, lowering.reshape(lowering.sum(perBlock, 1), [n, h * w], [n, h, w]));
      return true;
    }
    return false;
  },
};

/** Operands are literals, images, and numbers for every channel or for every pixel of one. */
function elementwise(equation: Equation, lowering: Lowering): boolean {
  const { op, inputs, outputs } = equation;
  const [output] = outputs;
  const isImage = (atom: Atom) => sameShape(atom.shape, output.shape);
  const arrays = inputs.filter((input) => !isLiteral(input));
  if (output.dtype !== "float32" || !arrays.some(isImage)) return false;
  if (!arrays.every((array) => (isImage(array) ? lowering.fitsBlocks(array) : repeats(array, output)))) return false;

  const alike = arrays.every(isImage);
  const [n, c, h, w] = output.shape;
  const { block } = lowering;
  const blocks = [n, c / block, h * w, block];
  const read = (atom: Atom): string => {
    if (alike || isLiteral(atom)) return lowering.blocked(atom);
    if (isImage(atom)) return lowering.reshape(lowering.blocked(atom), atom.shape, blocks);
    const [images, channels, ...space] = atom.shape;
    const shape = channels === 1 ? [images, 1, space[0] * space[1], 1] : [images, c / block, 1, block];
    return lowering.reshape(lowering.full(atom), atom.shape, shape);
  };
  const operands = lowering.operands(inputs, output.shape, read);
  const result = elementwiseRules[op as keyof typeof elementwiseRules](operands, equation, lowering);
  lowering.defineBlocked(output, alike ? result : lowering.reshape(result, blocks, output.shape));
  return true;
}

/** Whether an array repeats along the channels of an image, or along its pixels: then its order is the same blocked. */
function repeats({ shape, dtype }: Atom, image: Atom): boolean {
  const [n, c, h, w] = image.shape;
  if (shape.length !== 4 || dtype !== "float32" || (shape[0] !== 1 && shape[0] !== n)) return false;
  const space = shape.slice(2);
  const isOnePixel = sameShape(space, [1, 1]);
  return (shape[1] === c && isOnePixel) || (shape[1] === 1 && (isOnePixel || sameShape(space, [h, w])));
}
