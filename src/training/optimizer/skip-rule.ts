/** @file Which updates are skipped: those whose gradient would spoil the weights (paper App. B). */

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
