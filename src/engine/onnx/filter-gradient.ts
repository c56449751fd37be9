/**
 * @file Gradients of filters as blocked convolutions of the images [C, N, H, W] with kernels [O, N, h, w]: images in place
 * of channels.
 *
 * Whole blocks of images are taken as blocks of channels; fewer than fill one are taken plain, a part of the batch at a time.
 * Such a convolution skips the edges of an image pixel by pixel, slowly where a row has three results: so padding is written out.
 */
import type { Atom, Equation, Interval } from "../graph/graph.js";
import { fromSwappedBlocks } from "./kernel-layouts.js";
import type { Lowering } from "./lowering.js";

export function lowerFilterGradient(equation: Equation<"filterGradient">, lowering: Lowering): void {
  const { inputs, params, outputs } = equation;
  const [x, cotangent] = inputs;
  const write = x.shape[0] % lowering.block === 0 ? overBlocksOfImages : overPartsOfBatch;
  lowering.defineBlocked(outputs[0], write(x, cotangent, params.padding, lowering));
}

/** x in the order [C, N/b, H, W, b of N], the cotangent as a blocked convolution has a kernel from images to channels. */
function overBlocksOfImages(x: Atom, cotangent: Atom, padding: readonly Interval[], lowering: Lowering): string {
  const { block } = lowering;
  const [count, channels, height, width] = x.shape;
  const [, , ...window] = cotangent.shape;
  const blocks = count / block;
  const asChannels = lowering.reshape(lowering.full(x), x.shape, [1, count, channels * height, width]);
  const imagesLast = lowering.blockedNode("ReorderInput", [asChannels], {}); // [N/b, C, H, W, b of N]
  const images = [blocks, channels, height, width * block];
  const channelsFirst = lowering.swapFirst(
    lowering.reshape(imagesLast, [1, count, channels * height, width], images),
    images,
  );
  const [rows, columns] = padding;
  const widths: Interval[] = [[0, 0], [0, 0], rows, [columns[0] * block, columns[1] * block]];
  const padded = lowering.pad(channelsFirst, widths, "float32");
  const space = padding.map(([before, after], axis) => x.shape[axis + 2] + before + after);
  const paddedShape = [channels, blocks, space[0], space[1] * block];
  const image = lowering.reshape(padded, paddedShape, [channels, count, ...space]);
  const kernel = fromSwappedBlocks(cotangent, lowering);
  return lowering.blockedNode("Conv", [image, kernel], { kernel_shape: window });
}

/** x in the order [C, N, H, W], the cotangent in [O/b, N, h, w, b of O], for parts of the batch that add up. */
function overPartsOfBatch(x: Atom, cotangent: Atom, padding: readonly Interval[], lowering: Lowering): string {
  const { block } = lowering;
  const [count, channels, ...space] = x.shape;
  const [, results, ...window] = cotangent.shape;
  const parts = equalParts(count, block - 1);
  const pixels = [results / block, window[0] * window[1] * block];
  const images = lowering.split(lowering.full(x), 0, parts);
  const flat = lowering.reshape(lowering.blocked(cotangent), cotangent.shape, [count, ...pixels]);
  const cotangents = lowering.split(flat, 0, parts);
  return parts.reduce((sum, size, part) => {
    const channelsFirst = lowering.swapFirst(images[part], [size, channels, ...space]);
    const image = lowering.pad(channelsFirst, [[0, 0], [0, 0], ...padding], "float32");
    const kernels = lowering.swapFirst(cotangents[part], [size, ...pixels]);
    const kernel = lowering.reshape(kernels, [pixels[0], size, pixels[1]], [results, size, ...window]);
    const operands = part === 0 ? [image, kernel] : [image, kernel, "", sum];
    return lowering.blockedNode("Conv", operands, { kernel_shape: window });
  }, "");
}

/** Sizes of the fewest parts of `count` that are no larger than `most` and differ by no more than 1. */
function equalParts(count: number, most: number): number[] {
  const parts = Math.ceil(count / most);
  return Array.from({ length: parts }, (_, part) => Math.floor((count + part) / parts));
}
