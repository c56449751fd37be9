/** @file Operations that work on blocked images as they are. */
import { type Equation, isLiteral } from "../graph.js";
import { elementwiseRules } from "./elementwise-rules.js";
import type { Lowering } from "./lowering.js";

/** Writes an equation in terms of blocked operands where that saves reordering them; whether it did. */
export function lowerBlocked(equation: Equation, lowering: Lowering): boolean {
  const { op, inputs, params, outputs } = equation;
  if (op === "again" && lowering.isBlocked(inputs[0])) {
    lowering.defineBlocked(outputs[0], lowering.renamed(lowering.blocked(inputs[0]), inputs[0].shape));
    return true;
  }
  if (!inputs.some((input) => lowering.isBlockedOnly(input))) return false;
  const [output] = outputs;
  const blocked = (inputs: Equation["inputs"]) => inputs.map((input) => lowering.blocked(input));
  const wholeBlocks = (sizes: readonly number[]) => sizes.every((size) => size % lowering.block === 0);

  if (op in elementwiseRules) {
    const alike = inputs.every((input) => isLiteral(input) || String(input.shape) === String(output.shape));
    if (!alike || !inputs.every((input) => isLiteral(input) || lowering.fitsBlocks(input))) return false;
    if (output.dtype !== "float32") return false;
    const operands = lowering.operands(inputs, output.shape, (atom) => lowering.blocked(atom));
    const rule = elementwiseRules[op as keyof typeof elementwiseRules];
    lowering.defineBlocked(output, rule(operands, equation, lowering));
    return true;
  }
  if (op === "concatenate" && params.axis === 1 && inputs.every((input) => lowering.fitsBlocks(input))) {
    lowering.defineBlocked(output, lowering.node("Concat", blocked(inputs), { axis: 1 })[0]);
    return true;
  }
  if (op === "split" && params.axis === 1 && wholeBlocks(params.sizes)) {
    const operands = [...blocked(inputs), lowering.model.integers(params.sizes)];
    const parts = lowering.node("Split", operands, { axis: 1 }, { outputs: outputs.length });
    outputs.forEach((part, index) => {
      lowering.defineBlocked(part, parts[index]);
    });
    return true;
  }
  if (op === "transpose" && String(params.permutation) === "0,2,3,1") {
    lowering.define(output, lowering.channelsLast(inputs[0] as typeof output));
    return true;
  }
  if (op === "reduce" && params.op === "sum" && String(params.axes) === "0,2,3") {
    const [n, c, h, w] = inputs[0].shape;
    const shape = [n, c / lowering.block, h * w, lowering.block];
    const pixels = lowering.reshape(lowering.blocked(inputs[0]), inputs[0].shape, shape);
    const [sums] = lowering.node("ReduceSum", [pixels, lowering.model.integers([0, 2])], { keepdims: 0 });
    lowering.define(output, lowering.reshape(sums, [c / lowering.block, lowering.block], [c]));
    return true;
  }
  return false;
}
