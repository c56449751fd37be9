/** @file How `demo` fits training, and the learning-rate schedule with it, into the minutes it was given. */
import { applySettings, type Config } from "../config/index.js";

/** Share of the time left that goes into steps; the rest covers checkpoints, validation and sample grids on the way. */
const STEPPING = 0.95;
/** Fewer steps than this show nothing, however short the time. */
const LEAST_STEPS = 20;

/**
 * A configuration whose schedule ends when the time does: steps follow from the rate measured, the cosine reaches its
 * minimum at the last one, and the run looks at itself ten times.
 *
 * @param imagesPerSecond - measured on this machine
 * @param seconds - time for training
 */
export function fitToTime(config: Config, imagesPerSecond: number, seconds: number): Config {
  const { batchSize } = config.training;
  const steps = Math.max(LEAST_STEPS, Math.floor((STEPPING * seconds * imagesPerSecond) / batchSize));
  const tenth = Math.ceil(steps / 10);
  return applySettings(config, [
    `training.steps=${steps}`,
    `optimizer.decaySteps=${steps}`,
    `optimizer.warmupSteps=${Math.min(config.optimizer.warmupSteps, tenth)}`,
    `training.evaluateEvery=${tenth}`,
    `training.sampleEvery=${tenth}`,
    `training.checkpointEvery=${Math.ceil(steps / 4)}`,
  ]);
}
