/** @file Eigenvalues of a symmetric matrix in float64, without eigenvectors. */
import { setImmediate } from "node:timers/promises";
import type { ExecutionOptions } from "../../inference/execution-options.js";

/** Elements to visit before other work of this thread gets its turn: some tens of milliseconds. */
const TURN = 1 << 24;

const EPSILON_SQUARED = Number.EPSILON ** 2;

/**
 * The eigenvalues of a symmetric matrix in ascending order: Householder's reduction to a tridiagonal matrix, then QL steps on
 * that (Golub & Van Loan, Matrix Computations, §8.3).
 *
 * Off by a small multiple of 2⁻⁵² times the largest. Where rows and columns fall in size from the first to the last, small
 * eigenvalues have more right digits than that, since large and small elements are not mixed.
 *
 * @param matrix - [size, size]; only its lower triangle is read
 * @throws RangeError unless it is square and finite
 */
export async function symmetricEigenvalues(
  matrix: Float64Array,
  size: number,
  { signal }: Pick<ExecutionOptions, "signal"> = {},
): Promise<Float64Array> {
  if (matrix.length !== size * size) throw new RangeError(`Expected ${size}² elements, got ${matrix.length}.`);
  let scale = 0;
  for (const element of matrix) scale = Math.max(scale, Math.abs(element)); // NaN stays
  if (!Number.isFinite(scale)) throw new RangeError(`Expected a finite matrix, got one with ${scale}.`);
  if (scale === 0) return new Float64Array(size);
  const { diagonal, beside } = await tridiagonalise(
    matrix.map((element) => element / scale),
    size,
    signal,
  );
  if (Math.abs(diagonal[0]) > Math.abs(diagonal[size - 1])) {
    diagonal.reverse(); // QL steps find the first ones first: let those be the small ones
    beside.subarray(0, size - 1).reverse();
  }
  return tridiagonalEigenvalues(
    diagonal,
    beside.map((element) => element ** 2),
  )
    .sort()
    .map((value) => value * scale);
}

interface Tridiagonal {
  diagonal: Float64Array;
  /** Element i stands beside diagonal elements i and i + 1; the last is 0. */
  beside: Float64Array;
}

/**
 * H A H … for reflections H = I − β u uᵀ that clear one column after the other. With p = β A u and w = p − ½ β (pᵀu) u each is
 *
 *     A ← A − u wᵀ − w uᵀ
 *
 * which is done together with the product A u of the next reflection, since going through the matrix is what takes time.
 */
async function tridiagonalise(a: Float64Array, size: number, signal: AbortSignal | undefined): Promise<Tridiagonal> {
  const diagonal = new Float64Array(size);
  const beside = new Float64Array(size);
  let [u, next] = [new Float64Array(size), new Float64Array(size)];
  const [w, product] = [new Float64Array(size), new Float64Array(size)];
  let visited = 0;
  for (let k = 0; k < size; k++) {
    for (let i = k; i < size; i++) a[i * size + k] -= u[i] * w[k] + w[i] * u[k];
    diagonal[k] = a[k * size + k];
    if (k === size - 1) break;
    const beta = reflection(a, size, k, next);
    beside[k] = beta === 0 ? a[(k + 1) * size + k] : a[(k + 1) * size + k] - next[k + 1];
    updateAndMultiply(a, size, k + 1, u, w, next, product);
    let along = 0;
    for (let i = k + 1; i < size; i++) along += product[i] * next[i];
    for (let i = k + 1; i < size; i++) w[i] = beta * (product[i] - (beta / 2) * along * next[i]);
    [u, next] = [next, u];
    visited += (size - k) ** 2 / 2;
    if (visited > TURN) {
      visited = 0;
      await setImmediate();
      signal?.throwIfAborted();
    }
  }
  return { diagonal, beside };
}

/** u of the reflection that takes column k, from row k + 1 on, to a multiple of its first element, into `u`; returns β = 2 / uᵀu. */
function reflection(a: Float64Array, size: number, k: number, u: Float64Array): number {
  let rest = 0;
  for (let i = k + 1; i < size; i++) {
    u[i] = a[i * size + k];
    if (i > k + 1) rest += u[i] ** 2;
  }
  if (rest === 0) return 0; // nothing to clear
  const first = u[k + 1];
  const norm = Math.sqrt(first ** 2 + rest);
  u[k + 1] += first < 0 ? -norm : norm; // away from zero: nothing cancels
  return 2 / (u[k + 1] ** 2 + rest);
}

/**
 * A ← A − u wᵀ − w uᵀ and `product` ← A v, both from row and column `start` on, in the lower triangle. Two rows at a time, since
 * reading and writing is what takes time.
 */
function updateAndMultiply(
  a: Float64Array,
  size: number,
  start: number,
  u: Float64Array,
  w: Float64Array,
  v: Float64Array,
  product: Float64Array,
): void {
  product.fill(0, start);
  const onDiagonal = (i: number, sum: number) => {
    a[i * size + i] -= 2 * u[i] * w[i];
    product[i] += sum + a[i * size + i] * v[i];
  };
  let i = start;
  if ((size - start) % 2 === 1) onDiagonal(i++, 0);
  for (; i < size; i += 2) {
    const [row, below] = [i * size, (i + 1) * size];
    const [u0, w0, v0, u1, w1, v1] = [u[i], w[i], v[i], u[i + 1], w[i + 1], v[i + 1]];
    let [sum0, sum1] = [0, 0];
    for (let j = start; j < i; j++) {
      const uj = u[j];
      const wj = w[j];
      const vj = v[j];
      const element0 = a[row + j] - u0 * wj - w0 * uj;
      const element1 = a[below + j] - u1 * wj - w1 * uj;
      a[row + j] = element0;
      a[below + j] = element1;
      sum0 += element0 * vj;
      sum1 += element1 * vj;
      product[j] += element0 * v0 + element1 * v1;
    }
    const between = a[below + i] - u1 * w0 - w1 * u0;
    a[below + i] = between;
    onDiagonal(i, sum0 + between * v1);
    onDiagonal(i + 1, sum1 + between * v0);
  }
}

/**
 * QL steps without square roots (Pal, Walker and Kahan; Parlett, The Symmetric Eigenvalue Problem, §8.14), in place.
 *
 * @param diagonal - becomes the eigenvalues, in no order
 * @param squares - of the elements beside it; the last is 0
 */
function tridiagonalEigenvalues(diagonal: Float64Array, squares: Float64Array): Float64Array {
  const size = diagonal.length;
  let steps = 0;
  for (let first = 0; first < size; ) {
    let last = first; // of the block that hangs together
    while (last < size - 1 && !negligible(squares[last], diagonal[last], diagonal[last + 1])) last++;
    if (last < size - 1) squares[last] = 0;
    if (last === first) {
      first++;
      continue;
    }
    if (++steps > 40 * size) throw new Error(`internal: no eigenvalues of a ${size}² matrix after ${steps} steps`);
    qlStep(diagonal, squares, first, last);
  }
  return diagonal;
}

const negligible = (square: number, one: number, other: number): boolean =>
  square <= EPSILON_SQUARED * Math.abs(one * other) + Number.MIN_VALUE;

/** One QL step on rows `first` to `last`, shifted by the eigenvalue of the leading 2 × 2 block that is nearer to its first element. */
function qlStep(diagonal: Float64Array, squares: Float64Array, first: number, last: number): void {
  const root = Math.sqrt(squares[first]);
  const half = (diagonal[first + 1] - diagonal[first]) / (2 * root);
  const shift = diagonal[first] - root / (half + (half < 0 ? -1 : 1) * Math.hypot(half, 1));
  let [cosine, sine] = [1, 0]; // squared
  let gamma = diagonal[last] - shift;
  let p = gamma ** 2;
  for (let i = last - 1; i >= first; i--) {
    const square = squares[i];
    const r = p + square;
    if (i < last - 1) squares[i + 1] = sine * r;
    const cosineBefore = cosine;
    cosine = p / r;
    sine = square / r;
    const gammaBefore = gamma;
    gamma = cosine * (diagonal[i] - shift) - sine * gammaBefore;
    diagonal[i + 1] = gammaBefore + (diagonal[i] - gamma);
    p = cosine === 0 ? cosineBefore * square : gamma ** 2 / cosine;
  }
  squares[first] = sine * p;
  diagonal[first] = shift + gamma;
}
