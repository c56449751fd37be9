/** @file A covariance as the product of a matrix with its transpose, of as few columns as its rank. */
import { setImmediate } from "node:timers/promises";

/** Multiplications before other work of this thread gets its turn: some tens of milliseconds. */
const TURN = 1 << 24;

export interface Factor {
  /** Columns of the factor. */
  rank: number;
  /** L [size, rank], its columns falling in size. */
  elements: Float64Array;
}

/**
 * L with L Lᵀ = A for a symmetric positive semidefinite A: Cholesky's factor with the largest remaining variance first
 * (Higham, Accuracy and Stability of Numerical Algorithms, §10.3).
 *
 * It ends when what remains of the diagonal is no more than the rounding of A, size · 2⁻⁵² · max Aᵢᵢ: beyond are digits of
 * chance, whose square roots would not be small.
 *
 * @param matrix - [size, size]
 */
export async function pivotedCholesky(matrix: Float64Array, size: number, signal?: AbortSignal): Promise<Factor> {
  const rows = new Float64Array(size * size); // of L, as if of full rank
  const remaining = Float64Array.from({ length: size }, (_, i) => matrix[i * size + i]);
  const open = Int32Array.from({ length: size }, (_, i) => i); // rows that have not been pivots, from `rank` on
  const negligible = size * Number.EPSILON * remaining.reduce((most, variance) => Math.max(most, variance), 0);
  let rank = 0;
  for (let worked = 0; rank < size; rank++) {
    let chosen = rank;
    for (let place = rank + 1; place < size; place++) {
      if (remaining[open[place]] > remaining[open[chosen]]) chosen = place;
    }
    const pivot = open[chosen];
    if (!(remaining[pivot] > negligible)) break;
    open[chosen] = open[rank];
    open[rank] = pivot;
    const root = Math.sqrt(remaining[pivot]);
    rows[pivot * size + rank] = root;
    for (let place = rank + 1; place < size; place++) {
      const row = open[place];
      const element = (matrix[row * size + pivot] - product(rows, row * size, pivot * size, rank)) / root;
      rows[row * size + rank] = element;
      remaining[row] -= element ** 2;
    }
    worked += rank * (size - rank);
    if (worked > TURN) {
      worked = 0;
      await setImmediate();
      signal?.throwIfAborted();
    }
  }
  const elements = new Float64Array(size * rank);
  for (let row = 0; row < size; row++) elements.set(rows.subarray(row * size, row * size + rank), row * rank);
  return { rank, elements };
}

/** Σ a[first + i] · a[second + i] over i below `length`, in four sums that need not wait for each other. */
function product(a: Float64Array, first: number, second: number, length: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < length; i += 4) {
    s0 += a[first + i] * a[second + i];
    s1 += a[first + i + 1] * a[second + i + 1];
    s2 += a[first + i + 2] * a[second + i + 2];
    s3 += a[first + i + 3] * a[second + i + 3];
  }
  for (; i < length; i++) s0 += a[first + i] * a[second + i];
  return s0 + s1 + (s2 + s3);
}
