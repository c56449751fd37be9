/** @file The moving average of the weights (EMA), which all evaluation uses (paper App. B). */

/**
 * Decay d of `ema ← d · ema + (1 − d) · parameters` at update `t`, counted from 0:
 *
 *     d = min(decay, (1 + t) / (10 + t))    with warm-up, so that a short run forgets its random start
 *     d = decay                             without, as published
 */
export function averageDecay(t: number, { emaDecay, emaWarmup }: { emaDecay: number; emaWarmup: boolean }): number {
  return emaWarmup ? Math.min(emaDecay, (1 + t) / (10 + t)) : emaDecay;
}
