/** @file What changes from update to update: the learning rate, and the decay of the moving average (paper App. B). */
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
