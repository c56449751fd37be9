/** @file How far two sets of vectors are apart in the mean of a polynomial kernel: what KID is of Inception features. */
import { numpy as np } from "@jax-js/jax";
import { type Compiled, compile, type Operand, spec } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { foldIn, type Key, keyFromSeed, permutation } from "../../random/index.js";
import type { PairOptions } from "./pairs.js";
import { block, checkFinite, countOf, expectAtLeast, meanAndDeviation, onCpu } from "./vectors.js";

/** How many random subsets the kernel distance is averaged over, and how large. */
export interface SubsetOptions extends PairOptions {
  /** How many pairs of subsets; 100 is usual. */
  subsets?: number;
  /** Vectors of each; 1,000 is usual. */
  size?: number;
  /** Of the draws. */
  seed?: number;
}

/** Vectors to a block: of so many, its pairs take far longer than its way to the runtime. */
const BLOCK = 1000;

/** Σ aᵢ bⱼ (xᵢ·yⱼ / d + 1)³ over a block of pairs; weights are 1, and 0 for what only fills a block up. */
function weightedKernel(x: np.Array, y: np.Array, a: np.Array, b: np.Array, perWidth: np.Array): np.Array {
  const products = np.matmul(x.astype(np.float64), y.astype(np.float64).transpose());
  const base = products.mul(perWidth).add(1);
  const kernel = base.ref.mul(base.ref).mul(base);
  return np.matmul(np.matmul(a.reshape([1, -1]), kernel), b.reshape([-1, 1]));
}

/** Sums of the kernel over pairs of vectors of one width. */
class KernelSums {
  private constructor(
    readonly width: number,
    readonly size: number,
    private readonly program: Compiled<
      [x: Operand, y: Operand, a: Operand, b: Operand, perWidth: Operand],
      Float64Array
    >,
  ) {}

  /** @param most - vectors that a set will have at most */
  static async open(width: number, most: number, options: PairOptions): Promise<KernelSums> {
    const { blockSize = BLOCK } = options;
    const runtime = onCpu(options.runtime);
    const size = Math.min(blockSize, most);
    const [rows, weights] = [spec([size, width]), spec([size], "float64")];
    const specs = [rows, rows, weights, weights, spec([1], "float64")] as const;
    const program = await compile(weightedKernel, specs, { runtime, outputDtypes: "float64" });
    return new KernelSums(width, size, program);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.program.dispose();
  }

  /** Over all pairs of a vector of one set with a vector of the other. */
  async between(x: Float32Array, y: Float32Array, onBlock: () => void = () => {}): Promise<number> {
    let sum = 0;
    for (let i = 0; i < x.length / this.width; i += this.size) {
      for (let j = 0; j < y.length / this.width; j += this.size) {
        sum += await this.#block(x, i, y, j);
        onBlock();
      }
    }
    return sum;
  }

  /** Over all pairs of two vectors of a set, none with itself: (i, j) and (j, i) both. */
  async within(x: Float32Array, onBlock: () => void = () => {}): Promise<number> {
    let sum = -this.#withThemselves(x);
    for (let i = 0; i < x.length / this.width; i += this.size) {
      for (let j = 0; j <= i; j += this.size) {
        sum += (await this.#block(x, i, x, j)) * (j < i ? 2 : 1);
        onBlock();
      }
    }
    return sum;
  }

  /** Blocks that `between` and `within` go through. */
  blocks(xCount: number, yCount: number): number {
    const [m, n] = [Math.ceil(xCount / this.size), Math.ceil(yCount / this.size)];
    return m * n + (m * (m + 1)) / 2 + (n * (n + 1)) / 2;
  }

  async #block(x: Float32Array, i: number, y: Float32Array, j: number): Promise<number> {
    const { width, size } = this;
    const weights = (rows: Float32Array, first: number) =>
      new Float64Array(size).fill(1, 0, Math.min(size, rows.length / width - first));
    const [sum] = await this.program.run(
      block(x, width, i, size),
      block(y, width, j, size),
      weights(x, i),
      weights(y, j),
      Float64Array.of(1 / width),
    );
    return sum;
  }

  #withThemselves(x: Float32Array): number {
    let sum = 0;
    for (let start = 0; start < x.length; start += this.width) {
      let squared = 0;
      for (let i = start; i < start + this.width; i++) squared += x[i] ** 2;
      sum += (squared / this.width + 1) ** 3;
    }
    return sum;
  }
}

/** MMD² from the three sums, each over so many pairs. */
async function discrepancy(x: Float32Array, y: Float32Array, sums: KernelSums, onBlock?: () => void): Promise<number> {
  const [m, n] = [x.length / sums.width, y.length / sums.width];
  const [xx, yy] = [await sums.within(x, onBlock), await sums.within(y, onBlock)];
  const xy = await sums.between(x, y, onBlock);
  return xx / (m * (m - 1)) + yy / (n * (n - 1)) - (2 * xy) / (m * n);
}

/**
 * The squared maximum mean discrepancy of two sets, unbiased, over all their pairs, with the kernel
 * k(x, y) = (x·y / d + 1)³ of vectors of d numbers (Bińkowski et al. 2018, §4):
 *
 *     Σ k(xᵢ, xⱼ) / m(m − 1) + Σ k(yᵢ, yⱼ) / n(n − 1) − 2 Σ k(xᵢ, yⱼ) / mn        i ≠ j in the first two
 *
 * Being unbiased, it is negative about as often as not for sets from one distribution, and for a set against itself.
 *
 * @param x - [m, width]
 * @param y - [n, width]
 * @throws UserError where a set has fewer than 2 vectors, or one that is not finite
 */
export async function kernelDistance(
  x: Float32Array,
  y: Float32Array,
  width: number,
  options: PairOptions = {},
): Promise<number> {
  const { signal, onProgress } = options;
  const counts = check(x, y, width, 2);
  await using sums = await KernelSums.open(width, Math.max(...counts), options);
  const blocks = sums.blocks(counts[0], counts[1]);
  let done = 0;
  return await discrepancy(x, y, sums, () => {
    signal?.throwIfAborted();
    onProgress?.(++done, blocks);
  });
}

/**
 * Mean and standard deviation of {@link kernelDistance} over pairs of random subsets, which is how KID is mostly given
 * (torch-fidelity: 100 of 1,000). Vectors are drawn without replacement within a subset, and afresh for the next one.
 *
 * @throws UserError where a set has fewer vectors than a subset, or one that is not finite
 */
export async function kernelDistanceOfSubsets(
  x: Float32Array,
  y: Float32Array,
  width: number,
  { subsets = 100, size = 1000, seed = 0, ...options }: SubsetOptions = {},
): Promise<{ mean: number; standardDeviation: number }> {
  if (subsets < 1 || size < 2) {
    throw new UserError("out-of-range", `Expected 1 or more subsets of 2 or more vectors, got ${subsets} of ${size}.`);
  }
  check(x, y, width, size);
  await using sums = await KernelSums.open(width, size, options);
  const key = keyFromSeed(seed);
  const distances: number[] = [];
  while (distances.length < subsets) {
    options.signal?.throwIfAborted();
    const draw = foldIn(key, distances.length);
    const [some, others] = [x, y].map((rows, side) => subset(rows, width, size, foldIn(draw, side)));
    distances.push(await discrepancy(some, others, sums));
    options.onProgress?.(distances.length, subsets);
  }
  return meanAndDeviation(distances);
}

/** Random vectors of a set, none twice. */
function subset(rows: Float32Array, width: number, size: number, key: Key): Float32Array {
  const chosen = new Float32Array(size * width);
  permutation(key, rows.length / width)
    .subarray(0, size)
    .forEach((row, place) => {
      chosen.set(rows.subarray(row * width, (row + 1) * width), place * width);
    });
  return chosen;
}

/** The counts of both sets, once they are checked. */
function check(x: Float32Array, y: Float32Array, width: number, least: number): number[] {
  return [x, y].map((rows, side) => {
    const count = countOf(rows, width);
    expectAtLeast(least, count, `The kernel distance of the ${side === 0 ? "first" : "second"} set`);
    checkFinite(rows, width);
    return count;
  });
}
