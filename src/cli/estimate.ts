/** @file What training will take on this machine, before it starts: an estimate from the traced step and a speed measured now. */
import type { Config } from "../config/index.js";
import { measureSpeed } from "../engine/self-test.js";
import { type ModelSummary, summariseModel } from "../report/model-summary.js";
import type { Context } from "./command.js";
import { formatBytes, formatCount, formatDuration, formatShort } from "./format.js";
import { createRuntime } from "./runtime.js";
import { facts } from "./table.js";

/**
 * Share of the speed of a single convolution that whole training steps reach; the rest goes into gradients of filters,
 * elementwise work and changes of layout. Measured on emoji32-small and cifar10.
 */
const EFFICIENCY = 0.41;

export interface TrainingEstimate {
  model: ModelSummary;
  /** Of a 3×3 convolution on this machine, now. */
  gigaflops: number;
  imagesPerSecond: number;
  secondsForAllSteps: number;
}

/** Summarises the model, and measures this machine for a second. */
export async function estimateTraining(config: Config, context: Context): Promise<TrainingEstimate> {
  context.progress.update("tracing the model and measuring this machine …");
  const runtime = await createRuntime(context);
  try {
    const gigaflops = await measureSpeed(runtime);
    const model = summariseModel(config);
    const imagesPerSecond = (EFFICIENCY * gigaflops * 1e9) / (2 * model.multiplyAccumulates.training);
    const { steps, batchSize } = config.training;
    return { model, gigaflops, imagesPerSecond, secondsForAllSteps: (steps * batchSize) / imagesPerSecond };
  } finally {
    await runtime.dispose();
  }
}

/** The estimate for people. */
export function estimateText(
  { model, gigaflops, imagesPerSecond, secondsForAllSteps }: TrainingEstimate,
  config: Config,
): string {
  const { training, weights } = model.memoryBytes;
  const { steps, batchSize } = config.training;
  return facts([
    ["parameters", formatCount(model.parameters)],
    [
      "memory",
      `about ${formatBytes(training)} to train with a micro-batch of ${model.microBatch}${model.rematerialise ? ", rematerialised" : ""}; ${formatBytes(weights)} of weights`,
    ],
    ["work", `${formatShort(model.multiplyAccumulates.training)} multiply-accumulates an image and step`],
    ["this machine", `${gigaflops.toFixed(0)} GFLOP/s in a 3×3 convolution`],
    ["rate", `about ${imagesPerSecond.toPrecision(2)} images/s (an estimate: the first minute of training tells)`],
    ["time", `about ${formatDuration(secondsForAllSteps)} for all ${formatCount(steps)} steps of ${batchSize} images`],
  ]);
}
