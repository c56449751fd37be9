/** @file Latent distributions: how a network's raw output becomes a diagonal Gaussian, and how one is drawn from. */
import { numpy as np } from "@jax-js/jax";
import { softplus } from "../engine/primitives.js";

/** A diagonal Gaussian by mean and variance (not deviation, not log-variance), both [N, Z, r, r]. */
export interface DiagonalGaussian {
  mean: np.Array;
  variance: np.Array;
}

/** A smaller variance counts as this: nothing is divided by 0, and its logarithm is finite. */
export const LEAST_VARIANCE = 1e-30;

/** The paper's ln 2, rounded as its code has it, so that a raw 0 is a variance of 1.0002. */
// biome-ignore lint/suspicious/noApproximativeNumericConstant: the published models were trained with the rounded one
const STEEPNESS = 0.693;

/**
 * "Gradient smoothing" (paper §3.3): the variance itself, linear in the raw output where it is large,
 *
 *     σ² = log(1 + exp(0.693 · raw)) / 0.693
 *
 * @param raw - any shape; consumed
 */
export function smoothVariance(raw: np.Array): np.Array {
  return softplus(raw.mul(STEEPNESS)).mul(1 / STEEPNESS);
}

/** The Gaussian in the first 2·Z channels [mean | raw variance] of a block's output, and the channels after them. */
export function splitGaussian(output: np.Array, channels: number): { gaussian: DiagonalGaussian; rest: np.Array } {
  const [mean, raw, rest] = np.split(output, [channels, 2 * channels], 1);
  return { gaussian: { mean, variance: smoothVariance(raw) }, rest };
}

/** z = μ + ε σ. Consumes the Gaussian and the noise ε, all [N, Z, r, r]. */
export function draw({ mean, variance }: DiagonalGaussian, noise: np.Array): np.Array {
  return mean.add(np.sqrt(variance).mul(noise));
}

/** ε = (z − μ) / σ, the noise with which `draw` gives z. Consumes the Gaussian and z, all [N, Z, r, r]. */
export function noiseOf({ mean, variance }: DiagonalGaussian, z: np.Array): np.Array {
  const deviation = np.sqrt(np.maximum(variance, LEAST_VARIANCE));
  return z.sub(mean).div(deviation);
}
