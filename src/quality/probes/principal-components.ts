/** @file Vectors as their first principal components: the kernel of what is left of them. */
import { numpy as np } from "@jax-js/jax";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { compile, spec } from "../../engine/index.js";
import { normal, streamKey } from "../../random/index.js";
import { type MetricOptions, onCpu } from "../metrics/vectors.js";
import type { Kernel } from "./kernel.js";

/** Directions that are looked for besides those that are wanted, so that the last ones are found too. */
const MORE = 32;
/** Products with the matrix: eigenvalues a few apart are told from one another. */
const ROUNDS = 6;

/** The first principal components of the known vectors of a kernel. */
export interface PrincipalComponents {
  /** How many. */
  count: number;
  /** Eigenvalues of the matrix of inner products, falling: `known − 1` times the variances. */
  eigenvalues: Float64Array;
  /** Eigenvectors as columns, [known, count]. */
  vectors: Float64Array;
}

/**
 * The first eigenvectors of the inner products of the known vectors, which are centred: PCA by its dual (Schölkopf, Smola and
 * Müller 1998). By subspace iteration (Halko, Martinsson and Tropp 2011, Alg. 4.4): from a random basis, product and
 * orthonormalisation in turn; then the eigenvectors within the subspace that it has come to.
 *
 * @param wanted - how many; no more than the vectors span come back
 */
export async function principalComponents(
  { known, products }: Kernel,
  wanted: number,
  { runtime, signal }: MetricOptions = {},
): Promise<PrincipalComponents> {
  const size = Math.min(known, wanted + MORE);
  const onDevice = onCpu(runtime);
  const [square, tall, small] = [
    [known, known],
    [known, size],
    [size, size],
  ].map((shape) => spec(shape, "float64"));
  const into = { runtime: onDevice, outputDtypes: "float64" } as const;
  await using gramOf = await compile((x: np.Array) => np.matmul(x.ref.transpose(), x), [tall], into);
  await using multiply = await compile((x: np.Array, y: np.Array) => np.matmul(x, y), [square, tall], into);
  await using combine = await compile((x: np.Array, y: np.Array) => np.matmul(x, y), [tall, small], into);
  await using project = await compile((x: np.Array, y: np.Array) => np.matmul(x.transpose(), y), [tall, tall], into);
  const gram = onDevice.put(products.slice(0, known * known), square);
  try {
    let basis: Float64Array = Float64Array.from(normal(streamKey(0, "principalComponents"), known * size));
    for (let round = 0; round < ROUNDS; round++) {
      signal?.throwIfAborted();
      basis = await multiply.run(gram, basis);
      for (let again = 0; again < 2; again++) {
        // twice: the first time leaves the rounding of a badly conditioned basis
        basis = await combine.run(basis, inverseFactor(await gramOf.run(basis), size));
      }
    }
    const within = await project.run(basis, await multiply.run(gram, basis));
    const { values, vectors } = eigenvectors(within, size);
    const rounding = known * Number.EPSILON * values[0];
    const count = Math.min(wanted, values.findLastIndex((value) => value > rounding) + 1);
    const rotated = await combine.run(basis, vectors);
    return { count, eigenvalues: values.slice(0, count), vectors: columns(rotated, size, count) };
  } finally {
    gram.dispose();
  }
}

/** R⁻¹ for Cholesky's Rᵀ R = S, so that X R⁻¹ is orthonormal where S = Xᵀ X; directions that X lacks become zero. */
function inverseFactor(s: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(size * size); // R, row by row
  let largest = 0;
  for (let i = 0; i < size; i++) largest = Math.max(largest, s[i * size + i]);
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) {
      let sum = s[i * size + j];
      for (let k = 0; k < i; k++) sum -= factor[k * size + i] * factor[k * size + j];
      const diagonal = factor[i * size + i];
      if (j === i) factor[i * size + i] = sum > size * Number.EPSILON * largest ? Math.sqrt(sum) : 0;
      else factor[i * size + j] = diagonal === 0 ? 0 : sum / diagonal;
    }
  }
  const inverse = new Float64Array(size * size);
  for (let j = 0; j < size; j++) {
    if (factor[j * size + j] === 0) continue;
    inverse[j * size + j] = 1 / factor[j * size + j];
    for (let i = j - 1; i >= 0; i--) {
      if (factor[i * size + i] === 0) continue;
      let sum = 0;
      for (let k = i + 1; k <= j; k++) sum += factor[i * size + k] * inverse[k * size + j];
      inverse[i * size + j] = -sum / factor[i * size + i];
    }
  }
  return inverse;
}

/** Eigenvalues of a symmetric matrix, falling, and its eigenvectors as columns in that order. */
function eigenvectors(matrix: Float64Array, size: number): { values: Float64Array; vectors: Float64Array } {
  const rows = Array.from({ length: size }, (_, row) => [...matrix.subarray(row * size, (row + 1) * size)]);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(rows), {
    assumeSymmetric: true,
  });
  const order = realEigenvalues.map((_, index) => index).sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  const vectors = new Float64Array(size * size);
  for (const [column, index] of order.entries()) {
    for (let row = 0; row < size; row++) vectors[row * size + column] = eigenvectorMatrix.get(row, index);
  }
  return { values: Float64Array.from(order, (index) => realEigenvalues[index]), vectors };
}

/** The first columns of a matrix. */
function columns(matrix: Float64Array, width: number, count: number): Float64Array {
  const result = new Float64Array((matrix.length / width) * count);
  for (let row = 0; row * width < matrix.length; row++) {
    result.set(matrix.subarray(row * width, row * width + count), row * count);
  }
  return result;
}

/**
 * The kernel of the first `count` principal components of the vectors: with U their eigenvectors and Λ their eigenvalues, scores
 * are S = K U Λ^(−1/2), and products S Sᵀ.
 */
export async function componentKernel(
  kernel: Kernel,
  components: PrincipalComponents,
  wanted: number,
  { runtime }: MetricOptions = {},
): Promise<Kernel> {
  const { known, count, products } = kernel;
  const kept = Math.min(wanted, components.count);
  const vectors = columns(components.vectors, components.count, kept);
  const roots = components.eigenvalues.slice(0, kept).map(Math.sqrt);
  const project = (all: np.Array, basis: np.Array, scale: np.Array) => {
    const scores = np.matmul(all, basis).div(scale);
    const first = scores.ref.slice([0, known]);
    return { products: np.matmul(scores.ref, first.transpose()), squares: np.square(scores).sum(1) };
  };
  const specs = [spec([count, known], "float64"), spec([known, kept], "float64"), spec([kept], "float64")] as const;
  await using program = await compile(project, [...specs], { runtime: onCpu(runtime), outputDtypes: "float64" });
  return { known, count, ...(await program.run(products, vectors, roots)) };
}
