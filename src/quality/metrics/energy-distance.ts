/** @file How far two sets of vectors are apart in the mean of their Euclidean distances, and which of two sets is nearer to a third. */
import { numpy as np } from "@jax-js/jax";
import { type Compiled, compile, type Operand, spec } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { block, checkFinite, countOf, expectAtLeast, type MetricOptions, onCpu } from "./vectors.js";

/**
 * The energy distance of two sets (Székely and Rizzo 2013), unbiased:
 *
 *     2 Σ |xᵢ − yⱼ| / mn − Σ |xᵢ − xⱼ| / m(m − 1) − Σ |yᵢ − yⱼ| / n(n − 1)        i ≠ j in the last two
 *
 * It is a kernel distance with the kernel −|x − y| (Sejdinovic et al. 2013), which has nothing to choose and grows no faster than
 * the vectors do: with few of them, a cubic kernel is at the mercy of the longest.
 *
 * Being unbiased, it is negative about as often as not for sets from one distribution.
 *
 * @param x - [m, width]
 * @param y - [n, width]
 * @throws UserError where a set has fewer than 2 vectors or one that is not finite; the signal's reason when aborted
 */
export async function energyDistance(
  x: Float32Array,
  y: Float32Array,
  width: number,
  options: MetricOptions = {},
): Promise<number> {
  await using distances = await Distances.open([x, y], width, options);
  const { across, within } = await distances.profile(x, y);
  return 2 * average(across) - average(within) - average(await distances.within(y));
}

/** How two energy distances to one reference differ. */
export interface EnergyComparison {
  /** The distance of the first set minus that of the second. */
  difference: number;
  /** Of the difference, from the samples and from the images of the reference. */
  standardError: number;
}

/**
 * The difference of the energy distances of two sets to the same reference, with its standard error. Sample i of both sets is
 * drawn from the same noise, so that what both have in common cancels. The first-order terms of the U-statistics are those of
 * each pair of samples and of each vector yⱼ of the reference,
 *
 *     hᵢ = w(aᵢ) − w(bᵢ)        w(aᵢ) = 2 Σ |aᵢ − yⱼ| / n − 2 Σ |aᵢ − aⱼ| / (m − 1)        j ≠ i in the second sum
 *     gⱼ = 2 Σ (|aᵢ − yⱼ| − |bᵢ − yⱼ|) / m
 *
 * and the squared error is Var h / m + Var g / n (Hoeffding 1948).
 *
 * @param a - [m, width]
 * @param b - [m, width]
 * @param reference - [n, width]
 * @throws UserError where a set has fewer than 2 vectors or one that is not finite, or both have not equally many; the signal's
 *   reason when aborted
 */
export async function compareEnergyDistances(
  a: Float32Array,
  b: Float32Array,
  reference: Float32Array,
  width: number,
  options: MetricOptions = {},
): Promise<EnergyComparison> {
  const [m, other, n] = [a, b, reference].map((rows) => rows.length / width);
  if (m !== other) {
    throw new UserError("wrong-shape", `Expected as many samples in both sets, got ${m} and ${other}.`);
  }
  await using distances = await Distances.open([a, b, reference], width, options);
  const [ofA, ofB] = [await distances.profile(a, reference), await distances.profile(b, reference)];
  const h = ofA.across.map((mean, i) => 2 * (mean - ofA.within[i] - (ofB.across[i] - ofB.within[i])));
  const g = ofA.toReference.map((mean, j) => 2 * (mean - ofB.toReference[j]));
  const difference = 2 * (average(ofA.across) - average(ofB.across)) - (average(ofA.within) - average(ofB.within));
  return { difference, standardError: Math.sqrt(variance(h) / m + variance(g) / n) };
}

/** Mean distance of each sample from the other samples and from the reference, [m]; of each reference from the samples, [n]. */
interface Profile {
  within: Float64Array;
  across: Float64Array;
  toReference: Float64Array;
}

/** Sums over the distances of a block, by row and by column; weights are 1, and 0 for what only fills a block up. */
function blockSums(x: np.Array, y: np.Array, a: np.Array, b: np.Array) {
  const [wide, other] = [x.astype(np.float64), y.astype(np.float64)];
  const squares = (rows: np.Array) => rows.ref.mul(rows).sum(1);
  const [left, right] = [squares(wide.ref).reshape([-1, 1]), squares(other.ref).reshape([1, -1])];
  const products = np.matmul(wide, other.transpose());
  const distances = np.sqrt(np.maximum(left.add(right).sub(products.mul(2)), 0)); // below zero by rounding only
  const rows = np.matmul(distances.ref, b.reshape([-1, 1])).reshape([-1]);
  return { rows, columns: np.matmul(a.reshape([1, -1]), distances).reshape([-1]) };
}

/** Vectors to a block of pairs. */
const BLOCK = 1000;

/** Means of the distances between vectors of one width. */
class Distances implements AsyncDisposable {
  private constructor(
    private readonly width: number,
    private readonly size: number,
    private readonly program: Compiled<
      [x: Operand, y: Operand, a: Operand, b: Operand],
      { rows: Float64Array; columns: Float64Array }
    >,
    private readonly signal: AbortSignal | undefined,
  ) {}

  static async open(
    sets: readonly Float32Array[],
    width: number,
    { runtime, signal }: MetricOptions,
  ): Promise<Distances> {
    const counts = sets.map((rows) => {
      const count = countOf(rows, width);
      expectAtLeast(2, count, "The energy distance");
      checkFinite(rows, width);
      return count;
    });
    const size = Math.min(BLOCK, Math.max(...counts));
    const [rows, weights] = [spec([size, width]), spec([size], "float64")];
    const options = { runtime: onCpu(runtime), outputDtypes: "float64" } as const;
    return new Distances(width, size, await compile(blockSums, [rows, rows, weights, weights], options), signal);
  }

  async profile(samples: Float32Array, reference: Float32Array): Promise<Profile> {
    const { rows, columns } = await this.#sums(samples, reference);
    const [m, n] = [rows.length, columns.length];
    return {
      within: await this.within(samples),
      across: rows.map((sum) => sum / n),
      toReference: columns.map((sum) => sum / m),
    };
  }

  /** Mean distance of each vector from the others of its set; from itself it is 0. */
  async within(samples: Float32Array): Promise<Float64Array> {
    const { rows } = await this.#sums(samples, samples);
    return rows.map((sum) => sum / (rows.length - 1));
  }

  async #sums(x: Float32Array, y: Float32Array): Promise<{ rows: Float64Array; columns: Float64Array }> {
    const { width, size, program, signal } = this;
    const [m, n] = [x.length / width, y.length / width];
    const sums = { rows: new Float64Array(m), columns: new Float64Array(n) };
    const weights = (count: number, first: number) => new Float64Array(size).fill(1, 0, Math.min(size, count - first));
    for (let i = 0; i < m; i += size) {
      for (let j = 0; j < n; j += size) {
        signal?.throwIfAborted();
        const [left, right] = [block(x, width, i, size), block(y, width, j, size)];
        const found = await program.run(left, right, weights(m, i), weights(n, j));
        found.rows.subarray(0, m - i).forEach((sum, row) => {
          sums.rows[i + row] += sum;
        });
        found.columns.subarray(0, n - j).forEach((sum, column) => {
          sums.columns[j + column] += sum;
        });
      }
    }
    return sums;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.program.dispose();
  }
}

const average = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Unbiased. */
function variance(values: Float64Array): number {
  const mean = average(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
