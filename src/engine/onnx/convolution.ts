/** @file Convolutions and gradients of their filters, on plain images or on blocked ones. */
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

/**
 * Writes the gradient of a filter as a blocked convolution of the images [C, N, H, W] with kernels [O, N, h, w]: images in
 * place of channels. Such a convolution takes fewer channels than fill a block as they are, plain; so it is written for a
 * part of the batch at a time, each adding to the sum of those before.
 *
 * It skips the edges of an image pixel by pixel, which is slow where a row has only three results: padding is written out.
 */
export function lowerFilterGradient(equation: Equation<"filterGradient">, lowering: Lowering): void {
  const { inputs, params, outputs } = equation;
  const [x, cotangent] = inputs;
  const [count, channels, ...space] = x.shape;
  const [, results, ...window] = cotangent.shape;
  const { block } = lowering;
  const pixels = [results / block, window[0] * window[1] * block];
  const parts = equalParts(count, block - 1);
  const split = (name: string) =>
    parts.length === 1
      ? [name]
      : lowering.node("Split", [name, lowering.model.integers(parts)], { axis: 0 }, { outputs: parts.length });
  const images = split(lowering.full(x));
  const cotangents = split(lowering.reshape(lowering.blocked(cotangent), cotangent.shape, [count, ...pixels]));
  const name = parts.reduce((sum, size, part) => {
    const image = lowering.pad(
      lowering.swapFirst(images[part], [size, channels, ...space]),
      [[0, 0], [0, 0], ...params.padding],
      "float32",
    );
    const kernel = lowering.swapFirst(cotangents[part], [size, ...pixels]);
    const shape = [results, size, ...window];
    const operands = [
      image,
      lowering.reshape(kernel, [pixels[0], size, pixels[1]], shape),
      ...(part > 0 ? ["", sum] : []),
    ];
    return lowering.blockedNode("Conv", operands, { kernel_shape: window });
  }, "");
  lowering.defineBlocked(outputs[0], name);
}

/** Sizes of the fewest parts of `count` that are no larger than `most` and differ by no more than 1. */
function equalParts(count: number, most: number): number[] {
  const parts = Math.ceil(count / most);
  return Array.from({ length: parts }, (_, part) => Math.floor((count + part) / parts));
}
