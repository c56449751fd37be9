/** @file What training will take on this machine, for people. */
import type { Config } from "../../config/index.js";
import { formatBytes, formatCount, formatDuration, formatEstimate, formatShort } from "../../number-format.js";
import type { ListedImages, TrainingEstimate } from "../../training/cost/estimate.js";
import { type Limits, lastStep } from "../../training/limits.js";
import { facts } from "./table.js";

/**
 * The estimate for people.
 *
 * @param limits - where training is to end
 */
export function estimateText(estimate: TrainingEstimate, config: Config, limits: Limits): string {
  const { model, gigaflops, imagesPerSecond, data } = estimate;
  const again = model.rematerialise ? ", blocks computed again to save memory (gradient checkpointing)" : "";
  return facts([
    ["preset", config.preset],
    ["parameters", formatCount(model.parameters)],
    ["images", data ? imagesText(data, config) : "not looked at: --data names them"],
    [
      "memory",
      `${memoryText(estimate)} to train with a micro-batch of ${model.microBatch}${again}; ${formatBytes(model.memoryBytes.weights)} of weights`,
    ],
    ["rate", `about ${formatEstimate(imagesPerSecond)} images/s (an estimate: the first minute of training tells)`],
    ["time", timeText(imagesPerSecond, config, limits)],
    ["work", `${formatShort(model.multiplyAccumulates.training)} multiply-accumulates an image and step`],
    ["this machine", `${formatEstimate(gigaflops)} GFLOP/s in a 3×3 convolution`],
  ]);
}

/** What the device's compiler says, or else an estimate of the whole process. */
function memoryText({ deviceMemory, model }: TrainingEstimate): string {
  if (!deviceMemory) return `about ${formatBytes(model.memoryBytes.training)}`;
  const { bytes, available, devices } = deviceMemory;
  const all = available === undefined ? "" : ` of ${formatBytes(available)}`;
  return `${formatBytes(bytes)}${all} on ${devices === 1 ? "the device" : `each of ${devices} devices`}, as compiled,`;
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
