/**
 * @file Distances of all pairs of vectors, of which few matter.
 *
 * The engine's float32 products say which pairs may be near enough, with a margin above their rounding. Every distance that
 * counts is then the plain float64 sum of squared differences: equal vectors are at distance 0, ties are ties, and the size of
 * the blocks changes nothing.
 */
import { numpy as np } from "@jax-js/jax";
import { type Compiled, compile, type Operand, spec } from "../../engine/index.js";
import { meanOf } from "./moments.js";
import { block, checkFinite, countOf, type MetricOptions, onCpu } from "./vectors.js";

/** How distances of pairs are computed. */
export interface PairOptions extends MetricOptions {
  /** Called with how many of all blocks of pairs, or subsets, are done. */
  onProgress?: (done: number, count: number) => void;
  /** Vectors to a block: its pairs are all that is held in memory. */
  blockSize?: number;
}

/** Of so many vectors, a block's pairs take far longer than its way to the runtime; their products are 16 MB. */
const BLOCK = 2000;

/** Vectors, and for each |x − c|² less what rounding may have added to a distance of it. */
export interface Prepared {
  rows: Float32Array;
  count: number;
  lowered: Float64Array;
}

/** Called for each pair that may be no farther apart than the squared distance `limit(i, j)` allows. */
export interface PairVisitor {
  /** Above this squared distance a pair does not matter; asked before every pair. */
  limit(i: number, j: number): number;
  visit(i: number, j: number, squaredDistance: number): void;
}

/** The products of all pairs of a block of vectors with another. */
type ProductsProgram = Compiled<[x: Operand, y: Operand, centre: Operand], Float32Array>;

/** Goes through pairs of vectors of one width. */
export class Pairs {
  readonly #width: number;
  readonly #size: number;
  readonly #program: ProductsProgram;
  readonly #centre: Float32Array;
  readonly #signal: AbortSignal | undefined;
  readonly #onProgress: (done: number, count: number) => void;
  #done = 0;
  #count = 0;

  private constructor(
    width: number,
    size: number,
    program: ProductsProgram,
    centre: Float32Array,
    { signal, onProgress = () => {} }: PairOptions,
  ) {
    this.#width = width;
    this.#size = size;
    this.#program = program;
    this.#centre = centre;
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  /**
   * @param like - vectors [N, width] whose mean is subtracted before products are taken: rounding is that of what is left
   * @param most - vectors that a set will have at most
   */
  static async open(like: Float32Array, width: number, most: number, options: PairOptions): Promise<Pairs> {
    const { blockSize = BLOCK } = options;
    const runtime = onCpu(options.runtime);
    const size = Math.min(blockSize, most);
    const products = (x: np.Array, y: np.Array, centre: np.Array) =>
      np.matmul(x.sub(centre.ref), y.sub(centre).transpose());
    const rows = spec([size, width]);
    const program = await compile(products, [rows, rows, spec([width])], { runtime });
    return new Pairs(width, size, program, Float32Array.from(meanOf(like, width)), options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program.dispose();
  }

  /**
   * Checks vectors and takes their squared lengths, lowered: |xᵢ − yⱼ|² is no less than `lowered[i] + lowered[j] − 2 (xᵢ·yⱼ)` with a
   * product that was rounded to float32. A sum of `width` products is off by at most width · 2⁻²⁴ · |x| |y|, and centring by a few
   * 2⁻²⁴ of the lengths.
   */
  prepare(rows: Float32Array): Prepared {
    const width = this.#width;
    const count = countOf(rows, width);
    checkFinite(rows, width);
    const rest = 1 - (width + 16) * 2 ** -24;
    const lowered = new Float64Array(count);
    for (let row = 0; row < count; row++) {
      let squared = 0;
      for (let i = 0; i < width; i++) squared += (rows[row * width + i] - this.#centre[i]) ** 2;
      lowered[row] = squared * rest;
    }
    return { rows, count, lowered };
  }

  /** Announces how many blocks of pairs of two sets (or of one, each pair once) will be gone through. */
  expect(x: Prepared, y?: Prepared): void {
    const m = Math.ceil(x.count / this.#size);
    this.#count += y ? m * Math.ceil(y.count / this.#size) : (m * (m + 1)) / 2;
  }

  /** Visits pairs of a vector of one set with a vector of the other. */
  async between(x: Prepared, y: Prepared, visitor: PairVisitor): Promise<void> {
    const blocks: [number, number][] = [];
    for (let i = 0; i < x.count; i += this.#size) {
      for (let j = 0; j < y.count; j += this.#size) blocks.push([i, j]);
    }
    await this.#through(blocks, x, y, (_, end) => end, visitor);
  }

  /** Visits pairs of two different vectors (i, j) of one set, each once, with j < i. */
  async within(x: Prepared, visitor: PairVisitor): Promise<void> {
    const blocks: [number, number][] = [];
    for (let i = 0; i < x.count; i += this.#size) {
      for (let j = 0; j <= i; j += this.#size) blocks.push([i, j]);
    }
    await this.#through(blocks, x, x, (i, end) => Math.min(i, end), visitor);
  }

  /** The runtime has the products of the next block ready while this one is looked through. */
  async #through(
    blocks: readonly [number, number][],
    x: Prepared,
    y: Prepared,
    endOf: (i: number, end: number) => number,
    visitor: PairVisitor,
  ): Promise<void> {
    const products = ([i, j]: [number, number]) => this.#products(x, i, y, j);
    let coming = products(blocks[0]);
    for (const [index, [first, second]] of blocks.entries()) {
      const ready = await coming;
      this.#signal?.throwIfAborted();
      if (index + 1 < blocks.length) {
        coming = products(blocks[index + 1]);
        coming.catch(() => {}); // seen when it is awaited, if it is
      }
      this.#look(ready, x, first, y, second, endOf, visitor);
      this.#onProgress(++this.#done, this.#count);
    }
  }

  #look(
    products: Float32Array,
    x: Prepared,
    first: number,
    y: Prepared,
    second: number,
    endOf: (i: number, end: number) => number,
    visitor: PairVisitor,
  ): void {
    const size = this.#size;
    const [lastRow, end] = [Math.min(x.count, first + size), Math.min(y.count, second + size)];
    for (let i = first; i < lastRow; i++) {
      const start = (i - first) * size - second;
      const lowered = x.lowered[i];
      const stop = endOf(i, end);
      for (let j = second; j < stop; j++) {
        const least = lowered + y.lowered[j] - 2 * products[start + j];
        if (least > visitor.limit(i, j)) continue;
        visitor.visit(i, j, squaredDistance(x.rows, i, y.rows, j, this.#width));
      }
    }
  }

  #products(x: Prepared, i: number, y: Prepared, j: number): Promise<Float32Array> {
    const [left, right] = [block(x.rows, this.#width, i, this.#size), block(y.rows, this.#width, j, this.#size)];
    return this.#program.run(left, right, this.#centre);
  }
}

/** Σ (x − y)² in float64; the same both ways round. */
function squaredDistance(x: Float32Array, i: number, y: Float32Array, j: number, width: number): number {
  const [a, b] = [i * width, j * width];
  let sum = 0;
  for (let k = 0; k < width; k++) {
    const difference = x[a + k] - y[b + k];
    sum += difference * difference;
  }
  return sum;
}
