/** @file How `demo` fits training, and the learning-rate schedule with it, into the minutes it was given. */
import { applySettings, type Config } from "../../config/index.js";

/**
 * Steps planned, of those that the time left would hold at the rate measured. Checkpoints, validation and sample grids take
 * a twentieth; a plan that is somewhat too long costs little, since the last tenth of the cosine hardly moves the weights,
 * while one that is too short gives time away.
 */
const PLANNED = 1.05;
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
  const steps = Math.max(LEAST_STEPS, Math.floor((PLANNED * seconds * imagesPerSecond) / batchSize));
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
