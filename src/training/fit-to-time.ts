/** @file How much training a time holds: the speed of this machine, and a configuration whose schedule ends when the time does. */
import { applySettings, type Config } from "../config/index.js";
import type { ExecutionOptions } from "../inference/execution-options.js";
import { makeTemporaryFolder } from "../io/files/temporary-folder.js";
import { type TrainOptions, train } from "./train.js";

/** Seconds of training that measure the speed of this machine, after a first step that does not count, where nothing is said. */
const MEASURED_SECONDS = 6;

/**
 * Trains a few steps into a folder that goes away.
 *
 * @returns images a second in training, and seconds before the first step
 * @throws the signal's reason when aborted
 */
export async function measureSpeed(
  config: Config,
  data: TrainOptions["data"],
  { runtime, signal, measuredSeconds = MEASURED_SECONDS }: ExecutionOptions & { measuredSeconds?: number },
): Promise<{ imagesPerSecond: number; startSeconds: number }> {
  using folder = makeTemporaryFolder("strata-speed-");
  const stop = new AbortController();
  const calledMs = performance.now();
  let startSeconds = 0;
  let first: { images: number; seconds: number } | undefined;
  let imagesPerSecond = 0;
  await train({
    config,
    data,
    out: folder.path,
    limit: { steps: 1000 },
    runtime,
    signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
    onEvent: (event) => {
      if (event.type === "start") startSeconds = (performance.now() - calledMs) / 1000;
      if (event.type !== "progress") return;
      first ??= event;
      const seconds = event.seconds - first.seconds;
      if (seconds > 0) imagesPerSecond = (event.images - first.images) / seconds;
      if (seconds >= measuredSeconds) stop.abort();
    },
  });
  signal?.throwIfAborted();
  return { imagesPerSecond, startSeconds };
}

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
  return withSteps(config, Math.max(LEAST_STEPS, Math.floor((PLANNED * seconds * imagesPerSecond) / batchSize)));
}

/** A configuration of so many steps: its schedule ends with them, and the run looks at itself ten times. */
export function withSteps(config: Config, steps: number): Config {
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
