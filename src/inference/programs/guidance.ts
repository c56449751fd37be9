/** @file Classifier-free guidance for VAEs: sharpen the label's prior away from the prior without label (paper §3.3). */
import { numpy as np } from "@jax-js/jax";
import type { GuidanceRule } from "../../latents/per-group.js";
import { type DiagonalGaussian, LEAST_VARIANCE } from "../../model/index.js";

/** Largest |μ| let through: latents are of order 1 to 10, and deep models multiply what overflows once. */
const MEAN_LIMIT = 1e3;
/** Range of log σ² let through. */
const LOG_VARIANCE_RANGE = [-30, 8] as const;

/** A guided prior, and what had to be done to have one. */
export interface Guided {
  guided: DiagonalGaussian;
  /** Values of each image that were clamped, [N]. */
  clamped: np.Array;
  /** Dimensions of each image in which the rule gives no distribution, [N]; the prior with label stands there. */
  invalid: np.Array;
}

/**
 * The guided prior of one group. Weights (0, 0) give the prior with label itself.
 *
 * High weights can push values beyond all bounds: those outside |μ| ≤ 1000 and −30 ≤ log σ² ≤ 8 are clamped, and counted.
 *
 * @param conditional - prior given the label, [N, Z, r, r]; consumed
 * @param unconditional - prior given no label, [N, Z, r, r]; consumed
 * @param weights - (w_μ, w_σ), scalars or [N, 1, 1, 1]; consumed. The product has one weight: w_μ
 */
export function guide(
  conditional: DiagonalGaussian,
  unconditional: DiagonalGaussian,
  weights: { mean: np.Array; variance: np.Array },
  rule: GuidanceRule = "extrapolate",
): Guided {
  const { mean, logVariance, invalid } = rules[rule](conditional, unconditional, weights);
  const means = clampAndCount(mean, -MEAN_LIMIT, MEAN_LIMIT);
  const logVariances = clampAndCount(logVariance, ...LOG_VARIANCE_RANGE);
  return {
    guided: { mean: means.values, variance: np.exp(logVariances.values) },
    clamped: means.count.add(logVariances.count),
    invalid,
  };
}

const logarithm = (variance: np.Array) => np.log(np.maximum(variance, LEAST_VARIANCE));

const rules = { extrapolate, product };

/**
 * From the prior without label through the one with it and beyond (paper eq. 6):
 *
 *     μ = μ_c + w_μ (μ_c − μ_u)            log σ² = log σ²_c + w_σ (log σ²_c − log σ²_u)
 *
 * Differs from the authors' JAX code, whose weights are greater by one.
 */
function extrapolate(
  conditional: DiagonalGaussian,
  unconditional: DiagonalGaussian,
  weights: { mean: np.Array; variance: np.Array },
) {
  const [count] = conditional.mean.shape;
  const away = (from: np.Array, other: np.Array, weight: np.Array) => from.ref.add(weight.mul(from.sub(other)));
  return {
    mean: away(conditional.mean, unconditional.mean, weights.mean),
    logVariance: away(logarithm(conditional.variance), logarithm(unconditional.variance), weights.variance),
    invalid: np.zeros([count]),
  };
}

/**
 * The product p_c^(1+w) / p_u^w, normalised (paper App. C). It is a Gaussian where its precision is positive:
 *
 *     1/σ² = (1+w)/σ²_c − w/σ²_u            μ = σ² ((1+w) μ_c/σ²_c − w μ_u/σ²_u)
 *
 * Written relative to σ²_c, so that nothing is divided by a small variance: with r = σ²_c/σ²_u, σ² = σ²_c / (1 + w − w r) and
 * μ = ((1+w) μ_c − w r μ_u) / (1 + w − w r). Elsewhere no such distribution exists.
 */
function product(
  conditional: DiagonalGaussian,
  unconditional: DiagonalGaussian,
  { mean: w, variance: unused }: { mean: np.Array; variance: np.Array },
) {
  unused.dispose();
  const without = np.maximum(unconditional.variance, LEAST_VARIANCE);
  const pull = w.ref.mul(conditional.variance.ref.div(without)); // w r
  const push = w.add(1); // 1 + w
  const precision = push.ref.sub(pull.ref); // σ²_c / σ²
  const exists = np.less(0, precision.ref);
  const divisor = np.where(exists.ref, precision, 1);
  const guided = push.mul(conditional.mean.ref).sub(pull.mul(unconditional.mean)).div(divisor.ref);
  return {
    mean: np.where(exists.ref, guided, conditional.mean),
    logVariance: logarithm(conditional.variance).sub(np.log(divisor)),
    invalid: sumPerImage(np.where(exists, 0, 1)),
  };
}

function clampAndCount(x: np.Array, low: number, high: number): { values: np.Array; count: np.Array } {
  const values = np.clip(x.ref, low, high);
  return { values, count: sumPerImage(np.where(np.notEqual(values.ref, x), 1, 0)) };
}

/** [N, …] → [N]; consumes x. */
const sumPerImage = (x: np.Array): np.Array => x.astype(np.float32).reshape([x.shape[0], -1]).sum(1);
