/**
 * @file Inner products of vectors with those that a probe learns from: all that linear and nearest-neighbour probes need. They grow
 * as vectors get longer, so that probes of the first 1, 2, … groups of features cost hardly more than one of all.
 */
import { numpy as np } from "@jax-js/jax";
import { compile, spec } from "../../engine/index.js";
import { meanOf } from "../metrics/moments.js";
import { checkFinite, countOf, type MetricOptions, onCpu } from "../metrics/vectors.js";

/** Inner products of `count` vectors, less the mean of the first `known` of them, with those first. */
export interface Kernel {
  /** Vectors that the probe knows the labels of: the first ones. */
  known: number;
  count: number;
  /** xᵢ·xⱼ, [count, known]. */
  products: Float64Array;
  /** |xᵢ|², [count]. */
  squares: Float64Array;
}

/** Numbers of each vector that are multiplied at a time: bounds the memory of products in float64. */
const STRETCH = 2048;

/** The kernel of vectors without any number. */
export const emptyKernel = (known: number, count: number): Kernel => ({
  known,
  count,
  products: new Float64Array(count * known),
  squares: new Float64Array(count),
});

/**
 * The kernel of vectors to which further numbers are appended: products in float64, added to those before.
 *
 * @param kernel - of what came before; borrowed
 * @param rows - the further numbers of each vector, [count, width]
 * @throws UserError where a number is not finite; the signal's reason when aborted
 */
export async function extendKernel(
  { known, count, products: before, squares: squaresBefore }: Kernel,
  rows: Float32Array,
  { runtime, signal }: MetricOptions = {},
): Promise<Kernel> {
  const width = rows.length / count;
  if (countOf(rows, width) !== count) throw new RangeError(`Expected ${count} vectors, got ${rows.length} numbers.`);
  checkFinite(rows, width);
  const [products, squares] = [before.slice(), squaresBefore.slice()];
  const mean = meanOf(rows.subarray(0, known * width), width);
  for (let first = 0; first < width; first += STRETCH) {
    signal?.throwIfAborted();
    const size = Math.min(STRETCH, width - first);
    const moved = new Float64Array(count * size);
    for (let row = 0; row < count; row++) {
      for (let i = 0; i < size; i++) {
        const value = rows[row * width + first + i] - mean[first + i];
        moved[row * size + i] = value;
        squares[row] += value * value;
      }
    }
    const added = await product(moved, moved.slice(0, known * size), size, { runtime });
    for (let i = 0; i < products.length; i++) products[i] += added[i];
  }
  return { known, count, products, squares };
}

/** X Yᵀ in float64. */
async function product(
  x: Float64Array,
  y: Float64Array,
  width: number,
  { runtime }: MetricOptions,
): Promise<Float64Array> {
  const [left, right] = [x, y].map((rows) => spec([rows.length / width, width], "float64"));
  await using program = await compile(
    (rows: np.Array, others: np.Array) => np.matmul(rows, others.transpose()),
    [left, right],
    { runtime: onCpu(runtime), outputDtypes: "float64" },
  );
  return await program.run(x, y);
}

/**
 * The kernel of the same vectors, all divided by the root mean square length of the known ones: penalties then mean the same for
 * features of every scale. The geometry stays as it is.
 */
export function normalisedKernel({ known, count, products, squares }: Kernel): Kernel {
  let sum = 0;
  for (let row = 0; row < known; row++) sum += squares[row];
  const scale = sum > 0 ? known / sum : 1;
  return {
    known,
    count,
    products: products.map((value) => value * scale),
    squares: squares.map((value) => value * scale),
  };
}
