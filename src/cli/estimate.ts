/** @file What training will take on this machine, before it starts: an estimate from the traced step and a speed measured now. */
import type { Config } from "../config/index.js";
import { abortable } from "../data/concurrent.js";
import type { Split } from "../data/index.js";
import { sourceOf } from "../data/sources/index.js";
import { measureSpeed } from "../engine/self-test.js";
import { formatBytes, formatCount, formatDuration, formatEstimate, formatShort } from "../number-format.js";
import { type ModelSummary, summariseModel } from "../report/model-summary.js";
import { type Limits, lastStep } from "../training/limits.js";
import type { Context } from "./command.js";
import type { ImageOptions } from "./images.js";
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
  /** The images, as far as they can be counted without opening them; of a source that was named. */
  data?: ListedImages;
}

/** Images of a source by their split, before any is opened. */
export interface ListedImages extends Record<Split, number> {
  source: string;
  /** What it was taken for. */
  description: string;
  classes: string[];
}

/** Summarises the model, counts the images of a source, and measures this machine for a second. */
export async function estimateTraining(
  config: Config,
  images: Partial<ImageOptions>,
  context: Context,
): Promise<TrainingEstimate> {
  const data =
    images.data === undefined ? undefined : await listImages({ ...images, data: images.data }, config, context);
  context.progress.update("tracing the model and measuring this machine …");
  const runtime = await createRuntime(context);
  try {
    const gigaflops = await measureSpeed(runtime);
    const model = summariseModel(config);
    const imagesPerSecond = (EFFICIENCY * gigaflops * 1e9) / (2 * model.multiplyAccumulates.training);
    const { steps, batchSize } = config.training;
    const secondsForAllSteps = (steps * batchSize) / imagesPerSecond;
    return { model, gigaflops, imagesPerSecond, secondsForAllSteps, ...(data && { data }) };
  } finally {
    await runtime.dispose();
  }
}

async function listImages(
  { data: source, layout }: ImageOptions,
  { model }: Config,
  { progress, signal }: Context,
): Promise<ListedImages> {
  progress.update(`listing ${source} …`);
  const listing = await abortable(sourceOf(source, { resolution: model.resolution, layout }).list(), signal, (late) =>
    late.close(),
  );
  const { description, classes, images } = listing;
  await listing.close();
  const counts = { train: 0, validation: 0, test: 0 };
  for (const { split, alsoValidation } of images) {
    counts[split]++;
    if (alsoValidation) counts.validation++;
  }
  return { source, description, classes, ...counts };
}

/**
 * The estimate for people.
 *
 * @param limits - where training is to end
 */
export function estimateText(estimate: TrainingEstimate, config: Config, limits: Limits): string {
  const { model, gigaflops, imagesPerSecond, data } = estimate;
  const { training, weights } = model.memoryBytes;
  const again = model.rematerialise ? ", blocks computed again to save memory (gradient checkpointing)" : "";
  return facts([
    ["preset", config.preset],
    ["parameters", formatCount(model.parameters)],
    ["images", data ? imagesText(data, config) : "not looked at: --data names them"],
    [
      "memory",
      `about ${formatBytes(training)} to train with a micro-batch of ${model.microBatch}${again}; ${formatBytes(weights)} of weights`,
    ],
    ["rate", `about ${formatEstimate(imagesPerSecond)} images/s (an estimate: the first minute of training tells)`],
    ["time", timeText(imagesPerSecond, config, limits)],
    ["work", `${formatShort(model.multiplyAccumulates.training)} multiply-accumulates an image and step`],
    ["this machine", `${formatEstimate(gigaflops)} GFLOP/s in a 3×3 convolution`],
  ]);
}

function imagesText(
  { source, description, classes, train, validation, test }: ListedImages,
  { model }: Config,
): string {
  const counts = `${formatCount(train)} to train on, ${formatCount(validation)} held out, ${formatCount(test)} for testing`;
  const fits = model.classes === 0 || model.classes === classes.length;
  const misfit = fits
    ? ""
    : `; the model has ${model.classes}: set model.classes=${classes.length}, or training refuses`;
  return `${source} (${description}): ${counts}; ${formatCount(classes.length)} classes${misfit}`;
}

/** How long training takes until the first of its limits. */
function timeText(imagesPerSecond: number, { training }: Config, limits: Limits): string {
  const { batchSize } = training;
  const steps = lastStep(limits, training);
  const seconds = (steps * batchSize) / imagesPerSecond;
  const { minutes } = limits;
  if (minutes === undefined || seconds <= 60 * minutes) {
    return `about ${formatDuration(seconds)} for ${formatCount(steps)} steps of ${batchSize} images`;
  }
  const within = formatEstimate((60 * minutes * imagesPerSecond) / batchSize);
  return `${formatDuration(60 * minutes)}: about ${within} of ${formatCount(steps)} steps of ${batchSize} images`;
}
