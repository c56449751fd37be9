/**
 * @file Gradients of filters as blocked convolutions of the images [C, N, H, W] with kernels [O, N, h, w]: images in place
 * of channels.
 *
 * Whole blocks of images are taken as blocks of channels; fewer than fill one are taken plain, a part of the batch at a time.
 */
import type { Atom, Equation } from "../graph.js";
import type { Lowering } from "./lowering.js";

export function lowerFilterGradient(equation: Equation<"filterGradient">, lowering: Lowering): void {
  const { inputs, params, outputs } = equation;
  const wholeBlocks = inputs[0].shape[0] % lowering.block === 0;
  const padded = pad(lowering.full(inputs[0]), params.padding, lowering);
  const space = params.padding.map(([before, after], axis) => inputs[0].shape[axis + 2] + before + after);
  const x = { name: padded, shape: [...inputs[0].shape.slice(0, 2), ...space] };
  const write = wholeBlocks ? overBlocksOfImages : overPartsOfBatch;
  lowering.defineBlocked(outputs[0], write(x, inputs[1], lowering));
}

interface Images {
  name: string;
  shape: readonly number[];
}

/** Convolutions skip the edges of an image pixel by pixel, slowly where a row has three results: padding is written out. */
const pad = (x: string, padding: Equation<"filterGradient">["params"]["padding"], lowering: Lowering): string =>
  lowering.pad(x, [[0, 0], [0, 0], ...padding], "float32");

/** x in the order [C, N/b, H, W, b of N], the cotangent in [O/b, N/b, h, w, b of N, b of O]. */
function overBlocksOfImages(x: Images, cotangent: Atom, lowering: Lowering): string {
  const { block } = lowering;
  const [count, channels, height, width] = x.shape;
  const [, results, ...window] = cotangent.shape;
  const blocks = count / block;
  const asChannels = lowering.reshape(x.name, x.shape, [1, count, channels * height, width]);
  const imagesLast = lowering.blockedNode("ReorderInput", [asChannels], {}); // [N/b, C, H, W, b of N]
  const pixels = height * width * block;
  const images = lowering.swapFirst(
    lowering.reshape(imagesLast, [1, count, channels * height, width], [blocks, channels, pixels]),
    [blocks, channels, pixels],
  );
  const image = lowering.reshape(images, [channels, blocks, pixels], [channels, count, height, width]);

  const points = (results / block) * window[0] * window[1];
  const asImages = lowering.reshape(lowering.blocked(cotangent), cotangent.shape, [blocks, block * block, points, 1]);
  const inner = lowering.blockedNode("ReorderOutput", [asImages], { channels: block * block, channels_last: 1 });
  const shape = [blocks, results / block, window[0] * window[1] * block * block];
  const kernels = lowering.swapFirst(lowering.reshape(inner, [blocks, points, 1, block * block], shape), shape);
  const kernel = lowering.reshape(kernels, [shape[1], shape[0], shape[2]], [results, count, ...window]);
  return lowering.blockedNode("Conv", [image, kernel], { kernel_shape: window });
}

/** x in the order [C, N, H, W], the cotangent in [O/b, N, h, w, b of O], for parts of the batch that add up. */
function overPartsOfBatch(x: Images, cotangent: Atom, lowering: Lowering): string {
  const { block } = lowering;
  const [count, channels, ...space] = x.shape;
  const [, results, ...window] = cotangent.shape;
  const parts = equalParts(count, block - 1);
  const pixels = [results / block, window[0] * window[1] * block];
  const images = lowering.split(x.name, 0, parts);
  const flat = lowering.reshape(lowering.blocked(cotangent), cotangent.shape, [count, ...pixels]);
  const cotangents = lowering.split(flat, 0, parts);
  return parts.reduce((sum, size, part) => {
    const image = lowering.swapFirst(images[part], [size, channels, ...space]);
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
