/** @file The learning rate: linear warm-up, cosine decay, constant after (paper App. B). */
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
