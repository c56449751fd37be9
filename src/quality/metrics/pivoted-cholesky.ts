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
  const products = new Float64Array(4);
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
    for (let place = rank + 1; place < size; place += products.length) {
      productsWithPivot(rows, size, open, place, pivot, rank, products);
      const end = Math.min(size, place + products.length);
      for (let i = place; i < end; i++) {
        const row = open[i];
        const element = (matrix[row * size + pivot] - products[i - place]) / root;
        rows[row * size + rank] = element;
        remaining[row] -= element ** 2;
      }
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

/** Products of the pivot's row with four others, up to a column: at once, since reading is what takes time. */
function productsWithPivot(
  rows: Float64Array,
  size: number,
  open: Int32Array,
  place: number,
  pivot: number,
  columns: number,
  products: Float64Array,
): void {
  const at = (next: number) => open[Math.min(place + next, size - 1)] * size; // the last row again where none is left
  const first = at(0);
  const second = at(1);
  const third = at(2);
  const fourth = at(3);
  const start = pivot * size;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let k = 0; k < columns; k++) {
    const factor = rows[start + k];
    s0 += rows[first + k] * factor;
    s1 += rows[second + k] * factor;
    s2 += rows[third + k] * factor;
    s3 += rows[fourth + k] * factor;
  }
  products[0] = s0;
  products[1] = s1;
  products[2] = s2;
  products[3] = s3;
}
