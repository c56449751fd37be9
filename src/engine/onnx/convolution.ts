/** @file Convolutions, on plain images or on blocked ones, and the layouts of their kernels. */
import { type Atom, type Equation, isLiteral } from "../graph.js";
import { sizeOf } from "../spec.js";
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
    const operands = [lowering.blocked(x), blockedKernel(kernel, params.transposedKernel, lowering), ...biases];
    lowering.defineBlocked(outputs[0], lowering.blockedNode("Conv", operands, attributes));
    return;
  }
  const weights = params.transposedKernel ? mirroredKernel(kernel, lowering) : lowering.full(kernel);
  lowering.define(outputs[0], lowering.node("Conv", [lowering.full(x), weights, ...biases], attributes)[0]);
}

/** [O, I, …] mirrored, channels swapped: [I, O, …]. The window goes first, where reversing it moves whole matrices. */
function mirroredKernel(kernel: Atom, lowering: Lowering): string {
  const [outputs, inputs, ...window] = kernel.shape;
  const size = sizeOf(window);
  const flat = lowering.reshape(lowering.full(kernel), kernel.shape, [outputs * inputs, size]);
  const mirrored = lowering.reverse(lowering.transpose(flat, [1, 0]), 0, size);
  const matrices = lowering.reshape(mirrored, [size, outputs * inputs], [size, outputs, inputs]);
  const swapped = lowering.transpose(matrices, [2, 1, 0]);
  return lowering.reshape(swapped, [inputs, outputs, size], [inputs, outputs, ...window]);
}

/**
 * A kernel in the order [O/b, I/b, …, b of I, b of O], declared as [O, I, …]; `transposed` ones are given as [I, O, …],
 * mirrored. Two transposes, one of them of whole blocks, take a fifth of the time of one.
 */
function blockedKernel(kernel: Atom, transposed: boolean, lowering: Lowering): string {
  const { block } = lowering;
  const [first, second, ...window] = kernel.shape;
  const size = sizeOf(window);
  const weights = lowering.full(kernel);
  if (transposed) {
    const shape = [first, second, size]; // [I, O, window]
    const windowFirst = lowering.transpose(lowering.reshape(weights, kernel.shape, shape), [0, 2, 1]);
    const blocks = [first / block, block, size, second / block, block];
    const split = lowering.reshape(windowFirst, [first, size, second], blocks);
    const ordered = lowering.reverse(lowering.transpose(split, [3, 0, 2, 1, 4]), 2, size);
    return lowering.reshape(ordered, [second / block, first / block, size, block, block], [second, first, ...window]);
  }
  const rows = lowering.reshape(weights, kernel.shape, [first / block, block, second * size]);
  const outputsLast = lowering.transpose(rows, [0, 2, 1]); // [O/b, I · window, b of O]
  const blocks = [first / block, second / block, block, size, block];
  const split = lowering.reshape(outputsLast, [first / block, second * size, block], blocks);
  const ordered = lowering.transpose(split, [0, 1, 3, 2, 4]);
  return lowering.reshape(ordered, [first / block, second / block, size, block, block], kernel.shape);
}
