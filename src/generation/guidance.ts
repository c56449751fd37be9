/** @file Classifier-free guidance for VAEs: sharpen the label's prior away from the prior without label (paper §3.3). */
import { numpy as np } from "@jax-js/jax";
import type { ModelConfig } from "../config/index.js";
import { UserError } from "../errors.js";
import type { DiagonalGaussian } from "../model/latent.js";

/**
 * Guidance weights (w_μ, w_σ): one pair for all groups, or a pair per resolution (groups of resolutions not named are
 * unguided). Zero is plain conditional sampling.
 */
export type Guidance = { mean: number; variance: number } | { resolution: number; mean: number; variance: number }[];

/** Largest |μ| let through: latents are of order 1 to 10, and deep models multiply what overflows once. */
const MEAN_LIMIT = 1e3;
/** Range of log σ² let through. */
const LOG_VARIANCE_RANGE = [-30, 8] as const;
/** Below this a variance counts as this, so that its logarithm is finite. */
const LEAST_VARIANCE = 1e-30;

/**
 * The guided prior of one group (paper eq. 6), extrapolated from the prior without label through the one with it:
 *
 *     μ = μ_c + w_μ (μ_c − μ_u)            log σ² = log σ²_c + w_σ (log σ²_c − log σ²_u)
 *
 * Weights (0, 0) give the prior with label itself. Differs from the authors' JAX code, whose weights are greater by one.
 *
 * High weights can push values beyond all bounds: those outside |μ| ≤ 1000 and −30 ≤ log σ² ≤ 8 are clamped, and counted.
 *
 * @param conditional - prior given the label, [N, Z, r, r]; consumed
 * @param unconditional - prior given no label, [N, Z, r, r]; consumed
 * @param weights - (w_μ, w_σ), scalars or [1]; consumed
 * @returns the guided prior, and how many of its values were clamped, scalar
 */
export function guide(
  conditional: DiagonalGaussian,
  unconditional: DiagonalGaussian,
  weights: { mean: np.Array; variance: np.Array },
): { guided: DiagonalGaussian; clamped: np.Array } {
  const logarithm = (variance: np.Array) => np.log(np.maximum(variance, LEAST_VARIANCE));
  const extrapolate = (from: np.Array, away: np.Array, weight: np.Array) => from.ref.add(weight.mul(from.sub(away)));
  const mean = extrapolate(conditional.mean, unconditional.mean, weights.mean);
  const logVariance = extrapolate(logarithm(conditional.variance), logarithm(unconditional.variance), weights.variance);
  const means = clampAndCount(mean, -MEAN_LIMIT, MEAN_LIMIT);
  const logVariances = clampAndCount(logVariance, ...LOG_VARIANCE_RANGE);
  return {
    guided: { mean: means.values, variance: np.exp(logVariances.values) },
    clamped: means.count.add(logVariances.count),
  };
}

function clampAndCount(x: np.Array, low: number, high: number): { values: np.Array; count: np.Array } {
  const values = np.clip(x.ref, low, high);
  const changed = np.notEqual(values.ref, x);
  return { values, count: np.where(changed, 1, 0).astype(np.float32).sum() };
}

/**
 * Weights of every group, from what the user gave.
 *
 * @param resolutions - of the groups, in order
 * @returns [L] each
 * @throws UserError when the model has no classes, a resolution names no group, or a weight is not finite
 */
export function guidanceWeights(
  guidance: Guidance,
  model: ModelConfig,
  resolutions: readonly number[],
): { mean: Float32Array; variance: Float32Array } {
  if (model.classes === 0) {
    throw new UserError(
      "Guidance needs a model with classes: it moves away from the prior without label. This model has none; sample without guidance.",
    );
  }
  const pairs = Array.isArray(guidance) ? guidance : [];
  for (const { resolution } of pairs) {
    if (resolutions.includes(resolution)) continue;
    const known = [...new Set(resolutions)].join(", ");
    throw new UserError(`Guidance: expected a resolution among ${known}, got ${resolution}.`);
  }
  const weights = resolutions.map((wanted) => {
    const pair = Array.isArray(guidance) ? pairs.find(({ resolution }) => resolution === wanted) : guidance;
    return pair ?? { mean: 0, variance: 0 };
  });
  const bad = weights.find(({ mean, variance }) => !Number.isFinite(mean) || !Number.isFinite(variance));
  if (bad) throw new UserError(`Guidance: expected finite weights, got mean ${bad.mean}, variance ${bad.variance}.`);
  return {
    mean: Float32Array.from(weights, ({ mean }) => mean),
    variance: Float32Array.from(weights, ({ variance }) => variance),
  };
}
