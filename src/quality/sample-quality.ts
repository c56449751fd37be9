/** @file From pictures to figures: features of a stream of samples, compared with a reference. */
import type { ImageStream } from "../data/samples/image-stream.js";
import { type FeatureSet, type MeasureOptions, measureFeatures } from "./feature-set.js";
import type { FeatureExtractor } from "./features/extractor.js";
import { distanceOfPart } from "./finite-sample.js";
import { jackknifeQuality } from "./jackknife-quality.js";
import { frechetLimit } from "./metrics/frechet-limit.js";
import { compareToReference, needsLogits, needsRows, type QualityMetric, type QualityValue } from "./quality.js";

/** Figures of samples beside a reference. */
export interface SampleQuality {
  /** Samples measured. */
  count: number;
  values: QualityValue[];
  /** The Fréchet distance that as many random images of the reference have from the rest: see `distanceOfPart`. */
  referenceBaseline?: number;
  /** The Fréchet distance of endlessly many samples, where it was asked for: see `frechetLimit`. */
  frechetLimit?: number;
}

/** What {@link sampleQuality} compares samples with, and by which figures. */
export interface SampleQualityOptions extends Omit<MeasureOptions, "keep" | "logits"> {
  extractor: FeatureExtractor;
  /** Features of what samples are compared with, made with the same extractor. */
  reference: FeatureSet;
  metrics: readonly QualityMetric[];
  /** Of random parts of the reference, and of the subsets of the kernel distance. Default 0. */
  seed?: number;
  kernelSubsets?: boolean;
  /** Keep the features of every sample, also where no figure asked for needs them. Default: no. */
  keepRows?: boolean;
  /** Work out the standard error of every figure, which takes ten times as long as the figures. Default: no. */
  errors?: boolean;
  /** Extrapolate the Fréchet distance to endlessly many samples, which takes 15 more of them. Default: no. */
  limit?: boolean;
  /** Called with the name of the next figure. */
  onFigure?: (name: string) => void;
}

/**
 * Measures a stream of samples. Only of their features something is kept: `rows` where they are needed.
 *
 * @throws the signal's reason when aborted
 */
export async function sampleQuality(
  stream: ImageStream,
  {
    extractor,
    reference,
    metrics,
    seed = 0,
    kernelSubsets,
    errors = false,
    limit = false,
    keepRows = needsRows(metrics) || errors || limit,
    onFigure,
    ...options
  }: SampleQualityOptions,
): Promise<SampleQuality & { features: FeatureSet }> {
  const wanted = { keep: keepRows ? stream.count : 0, logits: needsLogits(metrics) };
  const features = await measureFeatures(stream, extractor, { ...options, ...wanted });
  const { runtime, signal } = options;
  const values = await compareToReference(features, reference, metrics, extractor.name, {
    runtime,
    signal,
    kernelSubsets,
    seed,
    onProgress: onFigure,
  });
  const found = errors
    ? await jackknifeQuality(features, reference, metrics, extractor.name, {
        ...{ runtime, signal },
        onProgress: (done, all) => onFigure?.(`errors, ${done} of ${all}`),
      })
    : undefined;
  const { count } = features.moments;
  const distance = metrics.includes("fid");
  const referenceBaseline = distance ? await distanceOfPart(reference, count, seed, { runtime, signal }) : undefined;
  if (distance && limit) onFigure?.("the limit of many samples");
  const atLimit =
    distance && limit
      ? await frechetLimit(features.rows, features.moments.mean.length, reference.moments, { seed, runtime, signal })
      : undefined;
  return {
    count,
    values: values.map((value) => ({ ...value, ...found?.get(value.metric) })),
    referenceBaseline,
    frechetLimit: atLimit,
    features,
  };
}
