/** @file Mean and covariance of vectors, in float64. */
import { numpy as np } from "@jax-js/jax";
import { compile, type DeviceArray, type Operand, type Program, type Runtime, spec } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { checkFinite, countOf, type MetricOptions, onCpu } from "./vectors.js";

/** Of `count` vectors of `width` numbers. */
export interface Moments {
  count: number;
  /** [width] */
  mean: Float64Array;
  /** [width, width], divisor count − 1. */
  covariance: Float64Array;
}

/** How moments are computed. */
export type MomentsOptions = MetricOptions;

/** Vectors to a product: many enough that adding the product to the sum takes little beside it. */
const BLOCK = 1024;

/** One more block x: s ← s + Σ (x − c), S ← S + (x − c)ᵀ (x − c). */
function addBlock(sum: np.Array, products: np.Array, rows: np.Array, shift: np.Array) {
  const moved = rows.astype(np.float64).sub(shift);
  return {
    sum: sum.add(moved.ref.sum(0)),
    products: products.add(np.matmul(moved.ref.transpose(), moved)),
  };
}

interface Sums {
  sum: DeviceArray;
  products: DeviceArray;
}

/**
 * Mean and covariance of vectors that come in parts:
 *
 *     μ = c + s / n        Σ = (S − s sᵀ / n) / (n − 1)        s = Σ (x − c), S = Σ (x − c)(x − c)ᵀ
 *
 * c is the mean of the first block, so that nothing cancels where the mean is large beside the deviations. Vectors are
 * summed in blocks of one size, so the parts in which they come change no digit.
 */
export class MomentsAccumulator {
  readonly #width: number;
  readonly #runtime: Runtime;
  readonly #signal: AbortSignal | undefined;
  #block: Float32Array<ArrayBuffer>;
  /** Elements of the block so far. */
  #filled = 0;
  #count = 0;
  /** c: float32, so that a block filled up with it adds exact zeros. */
  #shift: Float32Array | undefined;
  #program: Program<[sum: Operand, products: Operand, rows: Operand, shift: Operand], Sums> | undefined;
  #sums: Sums | undefined;
  /** What has been asked for so far, one after the other. */
  #queue: Promise<void> = Promise.resolve();

  /** @param width - numbers of a vector */
  constructor(width: number, { runtime, signal }: MomentsOptions = {}) {
    this.#width = width;
    this.#runtime = onCpu(runtime);
    this.#signal = signal;
    this.#block = new Float32Array(BLOCK * width);
  }

  /**
   * Takes vectors in.
   *
   * @param rows - [N, width], borrowed until the promise is settled
   * @throws RangeError unless their length is a multiple of `width`; UserError where one is not finite
   */
  add(rows: Float32Array): Promise<void> {
    this.#queue = this.#queue.then(() => this.#take(rows));
    return this.#queue;
  }

  /**
   * The moments of all vectors; frees what was needed for them.
   *
   * @throws UserError for fewer than 2 vectors
   */
  async finish(): Promise<Moments> {
    await this.#queue;
    if (this.#count < 2) {
      throw new UserError("too-few-images", `Expected at least 2 vectors to take a covariance of, got ${this.#count}.`);
    }
    if (this.#filled > 0) await this.#sumBlock();
    const [sum, products] = [await this.#sums!.sum.read(), await this.#sums!.products.read()];
    const [shift, count, width] = [this.#shift!, this.#count, this.#width];
    await this.dispose();
    const mean = Float64Array.from(shift, (c, i) => c + sum[i] / count);
    const covariance = products as Float64Array; // in its place
    for (let i = 0; i < width; i++) {
      for (let j = 0; j <= i; j++) {
        const [lower, upper] = [i * width + j, j * width + i];
        const centred = (products[lower] + products[upper]) / 2 - (sum[i] * sum[j]) / count;
        covariance[lower] = centred / (count - 1);
        covariance[upper] = covariance[lower];
      }
    }
    return { count, mean, covariance };
  }

  /** Frees what is held, at any time. */
  async dispose(): Promise<void> {
    const [program, sums] = [this.#program, this.#sums];
    this.#program = undefined;
    this.#sums = undefined;
    if (sums) for (const array of Object.values(sums) as DeviceArray[]) array.dispose();
    await program?.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #take(rows: Float32Array): Promise<void> {
    const count = countOf(rows, this.#width);
    checkFinite(rows, this.#width);
    for (let next = 0; next < rows.length; ) {
      const end = Math.min(rows.length, next + this.#block.length - this.#filled);
      this.#block.set(rows.subarray(next, end), this.#filled);
      this.#filled += end - next;
      next = end;
      if (this.#filled === this.#block.length) await this.#sumBlock();
    }
    this.#count += count;
  }

  async #sumBlock(): Promise<void> {
    this.#signal?.throwIfAborted();
    this.#shift ??= Float32Array.from(meanOf(this.#block.subarray(0, this.#filled), this.#width));
    for (let at = this.#filled; at < this.#block.length; at += this.#width) this.#block.set(this.#shift, at);
    this.#filled = 0;
    const before = await this.#start();
    this.#sums = await this.#program!.run(before.sum, before.products, this.#block, Float64Array.from(this.#shift));
    for (const array of [before.sum, before.products]) array.dispose();
  }

  /** The sums so far, which are zero before the first block. */
  async #start(): Promise<Sums> {
    const width = this.#width;
    const [sum, products] = [spec([width], "float64"), spec([width, width], "float64")];
    this.#program ??= await compile(addBlock, [sum, products, spec([BLOCK, width]), sum], {
      runtime: this.#runtime,
      keepOnDevice: true,
    });
    return (
      this.#sums ?? {
        sum: this.#runtime.put(new Float64Array(width), sum),
        products: this.#runtime.put(new Float64Array(width * width), products),
      }
    );
  }
}

/** Mean of vectors of `width` numbers. */
export function meanOf(rows: Float32Array, width: number): Float64Array {
  const sum = new Float64Array(width);
  for (let start = 0; start < rows.length; start += width) {
    for (let i = 0; i < width; i++) sum[i] += rows[start + i];
  }
  return sum.map((total) => (total * width) / rows.length);
}

/** The moments of vectors that are all there: rows [N, width]; see {@link MomentsAccumulator}. */
export async function momentsOf(rows: Float32Array, width: number, options: MomentsOptions = {}): Promise<Moments> {
  await using accumulator = new MomentsAccumulator(width, options);
  await accumulator.add(rows);
  return await accumulator.finish();
}
