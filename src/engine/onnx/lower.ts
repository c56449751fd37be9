/** @file From a graph to an ONNX model: one rule an operation. */
import type { Atom, Equation, Graph, OperationName } from "../graph/graph.js";
import type { LoweredGraph } from "../lowered-program.js";
import type { TensorInfo } from "../runtime/protocol.js";
import { Spec } from "../spec.js";
import { lowerBlocked } from "./blocked-rules.js";
import { lowerConvolution } from "./convolution.js";
import { elementwiseRules } from "./elementwise-rules.js";
import { lowerFilterGradient } from "./filter-gradient.js";
import { Lowering } from "./lowering.js";
import { poolNode } from "./pool-node.js";
import { lowerProduct } from "./product.js";

/**
 * The model, in ONNX's binary form, that computes the outputs of `graph` from its inputs.
 *
 * @param block - channels to a block of the machine's blocked convolutions; 0 where it has none
 */
export function lowerToOnnx(graph: Graph, block: number): LoweredGraph {
  const lowering = new Lowering(block);
  const { inputs, outputs } = writeGraph(graph, lowering);
  return { code: lowering.model.encode(), inputs, outputs };
}

/** Writes all of a graph; inputs and outputs are called as asked, or `in0`, `in1`, … and whatever the arrays are called. */
export function writeGraph(
  graph: Graph,
  lowering: Lowering,
  names?: { inputs: readonly string[]; outputs: readonly string[] },
): Omit<LoweredGraph, "code"> {
  const info = (name: string, { dtype, shape }: Atom): TensorInfo => ({ name, dtype, shape: [...shape] });
  const inputs = graph.inputs.map((input, index) => {
    const name = names?.inputs[index] ?? `in${index}`;
    lowering.define(input, name);
    lowering.model.input(name, specOf(input));
    return info(name, input);
  });
  for (const [value, data] of graph.constants) {
    lowering.define(value, lowering.model.initializer(data, value.shape, value.dtype));
  }
  for (const equation of graph.equations) lowerEquation(equation, lowering);
  const outputs = graph.outputs.map((output, index) =>
    info(lowering.model.output(lowering.full(output), specOf(output), names?.outputs[index]), output),
  );
  return { inputs, outputs };
}

const specOf = (atom: Atom) => new Spec([...atom.shape], atom.dtype);

function lowerEquation(equation: Equation, lowering: Lowering): void {
  const { op, inputs, outputs } = equation;
  if (op === "conv") {
    lowerConvolution(equation, lowering);
    return;
  }
  if (op === "filterGradient") {
    lowerFilterGradient(equation, lowering);
    return;
  }
  if (lowerBlocked(equation, lowering)) return;
  if (op in elementwiseRules) {
    const operands = lowering.operands(inputs, outputs[0].shape, (atom) => lowering.full(atom));
    lowering.define(outputs[0], elementwiseRules[op as keyof typeof elementwiseRules](operands, equation, lowering));
    return;
  }
  const rule = rules[op as keyof Rules] as (equation: Equation, lowering: Lowering) => string[];
  const names = rule(equation, lowering);
  outputs.forEach((output, index) => {
    lowering.define(output, names[index]);
  });
}

type Other = Exclude<
  OperationName,
  "dot" | "conv" | "filterGradient" | "checkpoint" | "windows" | keyof typeof elementwiseRules
>;
type Rules = { [O in Other]: (equation: Equation<O>, lowering: Lowering) => string[] };

const reductions = { sum: "ReduceSum", prod: "ReduceProd", min: "ReduceMin", max: "ReduceMax" };

const rules: Rules = {
  reduce: ({ inputs, params }, lowering) => {
    const x = lowering.full(inputs[0]);
    const axes = lowering.model.integers(params.axes);
    if (params.op === "and" || params.op === "or") {
      const opType = params.op === "and" ? "ReduceMin" : "ReduceMax";
      return [lowering.cast(lowering.node(opType, [lowering.cast(x, "int32"), axes], { keepdims: 0 })[0], "bool")];
    }
    return lowering.node(reductions[params.op], [x, axes], { keepdims: 0 });
  },
  dotGeneral: (equation, lowering) => [lowerProduct(equation, lowering)],
  concatenate: ({ inputs, params }, lowering) =>
    lowering.node(
      "Concat",
      inputs.map((input) => lowering.full(input)),
      { axis: params.axis },
    ),
  split: ({ inputs, params }, lowering) => lowering.split(lowering.full(inputs[0]), params.axis, params.sizes),
  gather: ({ inputs, params }, lowering) =>
    lowering.node(
      "Gather",
      inputs.map((input) => lowering.full(input)),
      { axis: params.axis },
    ),
  scatter: ({ inputs, params, outputs }, lowering) => {
    const [updates, index] = inputs;
    const shape = lowering.model.integers(params.shape);
    const zeros = lowering.node("Expand", [lowering.model.scalar(0, outputs[0].dtype), shape]);
    const rows = lowering.reshape(lowering.full(index), index.shape, [...index.shape, 1]);
    const reduction = params.op === "add" ? "add" : "none";
    return lowering.node("ScatterND", [...zeros, lowering.cast(rows, "int64"), lowering.full(updates)], { reduction });
  },
  transpose: ({ inputs, params }, lowering) => [lowering.transpose(lowering.full(inputs[0]), params.permutation)],
  broadcast: ({ inputs, params }, lowering) => {
    const [x] = inputs;
    const kept = [...x.shape];
    for (const axis of params.newAxes) kept.splice(axis, 0, 1);
    const shaped = lowering.reshape(lowering.full(x), x.shape, kept);
    return lowering.node("Expand", [shaped, lowering.model.integers(params.shape)]);
  },
  upsample: ({ inputs: [x], params, outputs }, lowering) => {
    const [n, c, h, w] = x.shape;
    const [f, g] = params.factors;
    const pixels = lowering.reshape(lowering.full(x), x.shape, [n, c, h, 1, w, 1]);
    const tiles = lowering.node("Expand", [pixels, lowering.model.integers([n, c, h, f, w, g])])[0];
    return [lowering.reshape(tiles, [n, c, h, f, w, g], outputs[0].shape)];
  },
  sumPool: ({ inputs: [x], params, outputs }, lowering) => {
    const [n, c, h, w] = outputs[0].shape;
    const [f, g] = params.factors;
    const tiles = lowering.reshape(lowering.full(x), x.shape, [n, c, h, f, w, g]);
    return [lowering.sum(lowering.sum(tiles, 5), 3)];
  },
  pool: ({ inputs: [x], params }, lowering) => lowering.node(...poolNode(lowering.full(x), params)),
  toStorage: ({ inputs: [x], outputs }, lowering) => {
    const image = lowering.fitsBlocks(x) ? lowering.blocked(x) : lowering.full(x);
    return [lowering.reshape(image, x.shape, outputs[0].shape)];
  },
  fromStorage: ({ inputs: [x], params }, lowering) => [lowering.reshape(lowering.full(x), x.shape, params.shape)],
  reshape: ({ inputs, params }, lowering) => [
    lowering.reshape(lowering.full(inputs[0]), inputs[0].shape, params.shape),
  ],
  flip: ({ inputs, params }, lowering) => {
    const { shape } = inputs[0];
    return [params.axes.reduce((x, axis) => lowering.reverse(x, axis, shape[axis]), lowering.full(inputs[0]))];
  },
  slice: ({ inputs, params }, lowering) => {
    const [x] = inputs;
    const axes = x.shape.flatMap((size, axis) =>
      params.ranges[axis][1] - params.ranges[axis][0] < size ? [axis] : [],
    );
    const [starts, ends] = [0, 1].map((side) => axes.map((axis) => params.ranges[axis][side]));
    const settings = [starts, ends, axes].map((values) => lowering.model.integers(values));
    return lowering.node("Slice", [lowering.full(x), ...settings]);
  },
  pad: ({ inputs, params }, lowering) => [lowering.pad(lowering.full(inputs[0]), params.widths, inputs[0].dtype)],
  recompute: ({ inputs }, lowering) => [lowering.renamed(lowering.full(inputs[0]), inputs[0].shape)],
  threefry: (): never => {
    throw new Error(
      "Expected a program for ONNX Runtime to draw no random numbers, since ONNX cannot shift int32, got one that does. " +
        "Unless a device's traits say `drawsNoise`, draw them on the host and pass them as an argument.",
    );
  },
};
