/** @file Which updates are skipped: those whose gradient would spoil the weights (METHOD §3). */

/** Updates during which a large gradient is no reason to skip: the first ones are large in every run. */
export const LENIENT_UPDATES = 1000;

export interface GradientCheck {
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
 * Whether to drop this gradient: norm / D is not finite, or exceeds the threshold once 1,000 updates are done.
 *
 * Differs from the authors' PyTorch code, which leaves the gradients of a skipped update behind.
 */
export function mustSkip({ gradientNorm, dimensions, updates, threshold }: GradientCheck): boolean {
  const statistic = gradientNorm / dimensions;
  return !Number.isFinite(statistic) || (updates >= LENIENT_UPDATES && statistic > threshold);
}
