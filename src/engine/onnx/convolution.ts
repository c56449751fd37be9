/** @file Convolutions, on plain images or on blocked ones. */
import { type Equation, isLiteral } from "../graph.js";
import { blockedKernel, plainKernel } from "./kernel-layouts.js";
import type { Lowering } from "./lowering.js";

/** Writes a convolution; blocked when its images may be. */
export function lowerConvolution(equation: Equation<"conv">, lowering: Lowering): void {
  const { inputs, params, outputs } = equation;
  const [x, kernel, bias] = inputs;
  const { strides, padding, dilation, groups } = params;
  const pads = [...padding.map(([before]) => before), ...padding.map(([, after]) => after)];
  const attributes = { strides, pads, dilations: dilation, group: groups, kernel_shape: kernel.shape.slice(2) };
  const biases = bias ? [lowering.full(bias)] : [];
  if (groups === 1 && !isLiteral(x) && lowering.fitsBlocks(x) && lowering.fitsBlocks(outputs[0])) {
    const operands = [lowering.blocked(x), blockedKernel(kernel, params, lowering), ...biases];
    lowering.defineBlocked(outputs[0], lowering.blockedNode("Conv", operands, attributes));
    return;
  }
  const operands = [lowering.full(x), plainKernel(kernel, params, lowering), ...biases];
  lowering.define(outputs[0], lowering.node("Conv", operands, attributes)[0]);
}
