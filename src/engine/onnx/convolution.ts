/** @file Convolutions, on plain images or on blocked ones. */
import { type Equation, isLiteral } from "../graph/graph.js";
import { blockedKernel, plainKernel } from "./kernel-layouts.js";
import type { Lowering } from "./lowering.js";
import type { Attribute } from "./model.js";

/** Writes a convolution; blocked when its images may be. */
export function lowerConvolution(equation: Equation<"conv">, lowering: Lowering): void {
  const { inputs, params, outputs } = equation;
  const [x, kernel, bias] = inputs;
  const { strides, padding, dilation, groups, rectified } = params;
  const pads = [...padding.map(([before]) => before), ...padding.map(([, after]) => after)];
  const attributes = { strides, pads, dilations: dilation, group: groups, kernel_shape: kernel.shape.slice(2) };
  const biases = bias ? [lowering.full(bias)] : [];
  if (groups === 1 && !isLiteral(x) && lowering.fitsBlocks(x) && lowering.fitsBlocks(outputs[0])) {
    const operands = [lowering.blocked(x), blockedKernel(kernel, params, lowering), ...biases];
    const activation: Record<string, Attribute> = rectified ? { activation: "Relu" } : {};
    lowering.defineBlocked(outputs[0], lowering.blockedNode("Conv", operands, { ...attributes, ...activation }));
    return;
  }
  const operands = [lowering.full(x), plainKernel(kernel, params, lowering), ...biases];
  const convolved = lowering.node("Conv", operands, attributes);
  lowering.define(outputs[0], (rectified ? lowering.node("Relu", convolved) : convolved)[0]);
}
