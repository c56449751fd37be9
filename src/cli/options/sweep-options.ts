/** @file What `sweep guidance` is asked, and what all its cells have in common, in a form in which two sweeps can be compared. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { digestOfSet, type ImageSet } from "../../data/index.js";
import type { Runtime } from "../../engine/index.js";
import { readFailure, UserError } from "../../errors.js";
import type { SweepSettings } from "../../experiments/sweep-folder.js";
import { precisionOf } from "../../inference/execution-options.js";
import { Cascade } from "../../inference/sampling/cascade.js";
import type { ImageSampler } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import type { FeatureExtractor } from "../../quality/features/extractor.js";
import type { QualityMetric } from "../../quality/quality.js";
import { DIGITS, digestOfModel } from "../../quality/results.js";
import type { FeatureOptions } from "./features-options.js";
import type { ImageOptions } from "./images.js";
import type { SamplingOptions } from "./sampling-options.js";

/** Options of `sweep guidance`. */
export interface GuidanceSweepOptions extends SamplingOptions, FeatureOptions, Partial<ImageOptions> {
  mean: string;
  variance: string;
  seeds?: number[];
  metrics?: string[];
  count: number;
  out: string;
}

export interface SweepParts {
  model: TrainedModel;
  sampler: ImageSampler;
  extractor: FeatureExtractor;
  metrics: readonly QualityMetric[];
  /** Where the reference is no file. */
  train?: ImageSet;
  /** That draws the samples. */
  runtime: Runtime;
}

/**
 * Models and images are named by their content, so that a folder may be moved and a run may not be trained on.
 *
 * @throws UserError when the reference cannot be read
 */
export async function sweepSettings(parts: SweepParts, options: GuidanceSweepOptions): Promise<SweepSettings> {
  const { model, sampler, extractor, metrics, train, runtime } = parts;
  const { count, label, temperature, output, superresGuidance, superresTemperature } = options;
  const { reference, referenceCount } = options;
  return {
    model: digestOfModel(model),
    step: model.step,
    ...(sampler instanceof Cascade ? { "super-resolution model": digestOfModel(sampler.enlarger.model) } : {}),
    count,
    label: label ?? "in the training set's proportions",
    temperature: temperature?.join(" ") ?? 1,
    output: output ?? "mean",
    ...(superresGuidance ? { "super-resolution guidance": superresGuidance.join(" ") } : {}),
    ...(superresTemperature ? { "super-resolution temperature": superresTemperature.join(" ") } : {}),
    metrics: metrics.join(", "),
    features: extractor.identity,
    reference: reference !== undefined ? await digestOfFile(reference) : digestOfSet(train!).slice(0, DIGITS),
    "reference count": referenceCount,
    ...precisionOf(runtime),
  };
}

async function digestOfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const piece of createReadStream(path)) hash.update(piece);
  } catch (error) {
    throw new UserError(
      readFailure(error),
      `--reference ${path}: expected to read it, but that failed: ${(error as Error).message}.`,
    );
  }
  return hash.digest("hex").slice(0, DIGITS);
}
