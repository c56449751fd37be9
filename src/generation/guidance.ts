/** @file Classifier-free guidance for VAEs: sharpen the label's prior away from the prior without label (paper §3.3). */

/**
 * Guidance weights (w_μ, w_σ): one pair for all groups, or a pair per resolution (groups of resolutions not named are
 * unguided). Zero is plain conditional sampling.
 */
export type Guidance = { mean: number; variance: number } | { resolution: number; mean: number; variance: number }[];
