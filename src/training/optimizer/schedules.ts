/**
 * @file What differs from update to update: the learning rate, the decay of the moving average, and whether the update
 * is made at all (paper App. B).
 */
import { numpy as np } from "@jax-js/jax";
import type { OptimizerConfig } from "../../config/index.js";

/**
 * Learning rate of update `t`, counted from 0, so that the first one has the start rate (as the authors' JAX code; their
 * PyTorch code makes the first update with rate 0):
 *
 *     rate(t) = min( start + (max − start) t / warmup,  min + (max − min) (1 + cos(π t / decay)) / 2 )       t ≤ decay
 *             = min                                                                                         beyond
 */
export function learningRate(t: number, optimizer: OptimizerConfig): number {
  const { startLearningRate: start, maxLearningRate: max, minLearningRate: min, warmupSteps, decaySteps } = optimizer;
  const update = Math.min(t, decaySteps);
  const warmup = start + ((max - start) * update) / warmupSteps;
  const cosine = min + ((max - min) * (1 + Math.cos((Math.PI * update) / decaySteps))) / 2;
  return Math.min(warmup, cosine);
}

/**
 * The moving average of the weights (EMA), which all evaluation uses: decay d of `ema ← d · ema + (1 − d) · parameters` at update `t`, counted from 0:
 *
 *     d = min(decay, (1 + t) / (10 + t))    with warm-up, so that a short run forgets its random start
 *     d = decay                             without, as published
 */
export function averageDecay(t: number, { emaDecay, emaWarmup }: { emaDecay: number; emaWarmup: boolean }): number {
  return emaWarmup ? Math.min(emaDecay, (1 + t) / (10 + t)) : emaDecay;
}

/** Updates during which a large gradient is no reason to skip: the first ones are large in every run. */
const LENIENT_UPDATES = 1000;

/** Why an update was skipped, as the log has it. */
export const SKIP_REASONS = ["non-finite loss", "non-finite gradient", "norm above the threshold"] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

export interface GradientCheck {
  /** Mean over the batch. */
  lossNats: number;
  /** L2 norm of the accumulated gradient over all parameters. */
  gradientNorm: number;
  /** D = 3·H·W of the images. */
  dimensions: number;
  /** Updates made so far. */
  updates: number;
  /** Largest norm / D let through after the first updates. */
  threshold: number;
}

/**
 * Why to drop this gradient: the loss or norm / D is not finite, or norm / D exceeds the threshold once 1,000 updates are
 * done; undefined for a gradient to use.
 *
 * Differs from the authors' PyTorch code, which leaves the gradients of a skipped update behind.
 */
export function skipReason(check: GradientCheck): SkipReason | undefined {
  const { lossNats, gradientNorm, dimensions, updates, threshold } = check;
  const statistic = gradientNorm / dimensions;
  if (!Number.isFinite(lossNats)) return "non-finite loss";
  if (!Number.isFinite(statistic)) return "non-finite gradient";
  return updates >= LENIENT_UPDATES && statistic > threshold ? "norm above the threshold" : undefined;
}

/** What the same rule is given while it is traced: arrays are scalars, `norm` that of the gradient, `updates` int32. Consumed. */
export interface TracedGradientCheck extends Pick<GradientCheck, "dimensions" | "threshold"> {
  loss: np.Array;
  norm: np.Array;
  updates: np.Array;
}

/** Whether `skipReason` has a reason, traced: bool, a scalar. */
export function isSkipped({ loss, norm, updates, dimensions, threshold }: TracedGradientCheck): np.Array {
  const statistic = norm.mul(1 / dimensions);
  const finite = (x: np.Array) => np.less(np.abs(x), Number.POSITIVE_INFINITY); // nor is NaN less
  const usable = finite(loss).mul(finite(statistic.ref));
  const large = np.greaterEqual(updates, LENIENT_UPDATES).mul(np.greater(statistic, threshold));
  return np.notEqual(usable, true).add(large); // of bools, a product is "and", a sum "or"
}
