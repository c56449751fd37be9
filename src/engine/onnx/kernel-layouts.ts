/**
 * @file Layouts of convolution kernels.
 *
 * A convolution's kernel is given as [O, I, h, w], or with channels swapped, mirrored, or both. A blocked convolution wants
 * it in the order [O/b, I/b, h, w, b of I, b of O]. ONNX Runtime's own changes of layout are several times as fast as
 * transposes of single numbers, and so are transposes of whole blocks: each path below takes one of the first and one of the second.
 */
import type { Atom } from "../graph/graph.js";
import { sizeOf } from "../spec.js";
import type { Lowering } from "./lowering.js";

/** How a kernel is given. */
interface Form {
  swapped: boolean;
  mirrored: boolean;
}

/** The kernel as [O, I, h, w]. */
export function plainKernel(kernel: Atom, { swapped, mirrored }: Form, lowering: Lowering): string {
  const [first, second, ...window] = kernel.shape;
  const size = sizeOf(window);
  const weights = lowering.full(kernel);
  if (!mirrored) return swapped ? lowering.swapFirst(weights, kernel.shape) : weights;
  // The window goes first, where reversing it moves whole matrices.
  const flat = lowering.reshape(weights, kernel.shape, [first * second, size]);
  const reversed = lowering.reverse(lowering.transpose(flat, [1, 0]), 0, size);
  const matrices = lowering.reshape(reversed, [size, first * second], [size, first, second]);
  const shape = swapped ? [second, first] : [first, second];
  const windowLast = lowering.transpose(matrices, swapped ? [2, 1, 0] : [1, 2, 0]);
  return lowering.reshape(windowLast, [...shape, size], [...shape, ...window]);
}

/** The kernel in the order [O/b, I/b, h, w, b of I, b of O], declared as [O, I, h, w]. */
export function blockedKernel(kernel: Atom, { swapped, mirrored }: Form, lowering: Lowering): string {
  if (lowering.isBlockedOnly(kernel) && swapped && !mirrored) return fromSwappedBlocks(kernel, lowering);
  if (lowering.isBlockedOnly(kernel) && !swapped && mirrored) return fromMirroredBlocks(kernel, lowering);
  if (swapped) return fromSwapped(kernel, mirrored, lowering);
  return fromPlain(plainKernel(kernel, { swapped, mirrored }, lowering), kernel.shape, lowering);
}

/** From [I, O/b, window, b of O]: a blocked image [I, O, h, w]. */
export function fromSwappedBlocks(kernel: Atom, lowering: Lowering): string {
  const { block } = lowering;
  const [inputs, outputs, ...window] = kernel.shape;
  const blocks = (outputs / block) * sizeOf(window);
  const asImages = lowering.reshape(lowering.blocked(kernel), kernel.shape, [inputs / block, block * block, blocks, 1]);
  const inner = lowering.blockedNode("ReorderOutput", [asImages], { channels: block * block, channels_last: 1 });
  const shape = [inputs / block, outputs / block, sizeOf(window) * block * block];
  const ordered = lowering.swapFirst(lowering.reshape(inner, [inputs / block, blocks, 1, block * block], shape), shape);
  return lowering.reshape(ordered, [shape[1], shape[0], shape[2]], [outputs, inputs, ...window]);
}

/** From [O, I/b, window, b of I], mirrored. */
function fromMirroredBlocks(kernel: Atom, lowering: Lowering): string {
  const { block } = lowering;
  const [outputs, inputs, ...window] = kernel.shape;
  const size = sizeOf(window);
  const asImage = lowering.reshape(lowering.blocked(kernel), kernel.shape, [1, outputs, inputs * size, 1]);
  const inner = lowering.blockedNode("ReorderInput", [asImage], {});
  const blocks = [(outputs / block) * (inputs / block), size, block * block];
  const ordered = lowering.reverse(lowering.reshape(inner, [1, outputs, inputs * size, 1], blocks), 1, size);
  return lowering.reshape(ordered, blocks, kernel.shape);
}

/** From [I, O, window], by two transposes, the second of whole blocks. */
function fromSwapped(kernel: Atom, mirrored: boolean, lowering: Lowering): string {
  const { block } = lowering;
  const [inputs, outputs, ...window] = kernel.shape;
  const size = sizeOf(window);
  const flat = lowering.reshape(lowering.full(kernel), kernel.shape, [inputs, outputs, size]);
  const windowFirst = lowering.transpose(flat, [0, 2, 1]);
  const blocks = [inputs / block, block, size, outputs / block, block];
  const split = lowering.reshape(windowFirst, [inputs, size, outputs], blocks);
  const transposed = lowering.transpose(split, [3, 0, 2, 1, 4]);
  const ordered = mirrored ? lowering.reverse(transposed, 2, size) : transposed;
  return lowering.reshape(ordered, [outputs / block, inputs / block, size, block, block], [outputs, inputs, ...window]);
}

/** From [O, I, window], by two transposes, the second of whole blocks. */
function fromPlain(weights: string, shape: readonly number[], lowering: Lowering): string {
  const { block } = lowering;
  const [outputs, inputs, ...window] = shape;
  const size = sizeOf(window);
  const rows = lowering.reshape(weights, shape, [outputs / block, block, inputs * size]);
  const outputsLast = lowering.transpose(rows, [0, 2, 1]); // [O/b, I · window, b of O]
  const blocks = [outputs / block, inputs / block, block, size, block];
  const split = lowering.reshape(outputsLast, [outputs / block, inputs * size, block], blocks);
  const ordered = lowering.transpose(split, [0, 1, 3, 2, 4]);
  return lowering.reshape(ordered, [outputs / block, inputs / block, size, block, block], shape);
}
