/** @file How far two sets of vectors are apart, each taken for a normal distribution: what FID is of Inception features. */
import { numpy as np } from "@jax-js/jax";
import { compile, type Runtime, spec } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import type { Moments } from "./moments.js";
import { type Factor, pivotedCholesky } from "./pivoted-cholesky.js";
import { symmetricEigenvalues } from "./symmetric-eigenvalues.js";
import { type MetricOptions, onCpu } from "./vectors.js";

/** How {@link frechetDistance} computes. */
export type FrechetOptions = MetricOptions;

/**
 * The squared Fréchet (2-Wasserstein) distance of two normal distributions (Heusel et al. 2017, eq. 6):
 *
 *     |μ₁ − μ₂|² + tr Σ₁ + tr Σ₂ − 2 tr √(Σ₁ Σ₂)
 *
 * With Σ₁ = L₁ L₁ᵀ and Σ₂ = L₂ L₂ᵀ the last trace is the sum of the singular values of L₁ᵀ L₂. The factors have no more columns
 * than the covariances have rank, so singular ones need no care, and nothing is imaginary. pytorch-fid adds 10⁻⁶ to both diagonals
 * where its matrix root fails; nothing is added here.
 *
 * The distance is never negative. Its rounding error, of some 10⁻¹⁵ of the traces, may be: then 0 is returned.
 *
 * @throws UserError unless both are of the same width
 */
export async function frechetDistance(
  a: Moments,
  b: Moments,
  { runtime, signal }: FrechetOptions = {},
): Promise<number> {
  const width = a.mean.length;
  if (b.mean.length !== width) {
    throw new UserError(
      "wrong-shape",
      `Expected moments of vectors of one width, got ${width} and ${b.mean.length}. Take both sets with the same features.`,
    );
  }
  const factors = [
    await pivotedCholesky(a.covariance, width, signal),
    await pivotedCholesky(b.covariance, width, signal),
  ];
  const rooted = await sumOfSingularValues(factors, width, onCpu(runtime), signal);
  const apart = a.mean.reduce((sum, mean, i) => sum + (mean - b.mean[i]) ** 2, 0);
  const traces = [a, b].map(({ covariance }) => {
    let trace = 0;
    for (let i = 0; i < width; i++) trace += covariance[i * width + i];
    return trace;
  });
  return Math.max(0, apart + (traces[0] + traces[1] - 2 * rooted));
}

/**
 * Of M = L₁ᵀ L₂, as square roots of the eigenvalues of M Mᵀ on its smaller side, where none is zero but by chance.
 *
 * Squaring would cost small singular values their digits, were M not graded: its rows fall in size as the columns of the
 * factors do. Each element of M Mᵀ is off by 2⁻⁵² of the sizes of its own two rows, not of the largest.
 */
async function sumOfSingularValues(
  factors: readonly Factor[],
  width: number,
  runtime: Runtime,
  signal: AbortSignal | undefined,
): Promise<number> {
  const [small, large] = factors.toSorted((one, other) => one.rank - other.rank);
  if (small.rank === 0) return 0;
  const gram = (left: np.Array, right: np.Array) => {
    const m = np.matmul(left.transpose(), right);
    return np.matmul(m.ref, m.transpose());
  };
  const specs = [small, large].map(({ rank }) => spec([width, rank], "float64"));
  signal?.throwIfAborted();
  await using program = await compile(gram, specs, { runtime, outputDtypes: "float64" });
  const squared = await program.run(small.elements, large.elements);
  const eigenvalues = await symmetricEigenvalues(squared, small.rank, { signal });
  return eigenvalues.reduce((sum, value) => sum + Math.sqrt(Math.max(value, 0)), 0); // below zero by rounding only
}
