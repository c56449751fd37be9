/** @file From pictures to figures: features of a stream of samples, compared with a reference. */
import type { ImageStream } from "../data/samples/image-stream.js";
import { type FeatureSet, type MeasureOptions, measureFeatures } from "./feature-set.js";
import type { FeatureExtractor } from "./features/extractor.js";
import { distanceOfPart } from "./finite-sample.js";
import { compareToReference, needsRows, type QualityMetric, type QualityValue } from "./quality.js";

/** Figures of samples beside a reference. */
export interface SampleQuality {
  /** Samples measured. */
  count: number;
  values: QualityValue[];
  /** The Fréchet distance that as many random images of the reference have from the rest: see `distanceOfPart`. */
  referenceBaseline?: number;
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
    keepRows = needsRows(metrics),
    onFigure,
    ...options
  }: SampleQualityOptions,
): Promise<SampleQuality & { features: FeatureSet }> {
  const wanted = { keep: keepRows ? stream.count : 0, logits: metrics.includes("is") };
  const features = await measureFeatures(stream, extractor, { ...options, ...wanted });
  const { runtime, signal } = options;
  const values = await compareToReference(features, reference, metrics, extractor.name, {
    runtime,
    signal,
    kernelSubsets,
    seed,
    onProgress: onFigure,
  });
  const { count } = features.moments;
  const referenceBaseline = metrics.includes("fid")
    ? await distanceOfPart(reference, count, seed, { runtime, signal })
    : undefined;
  return { count, values, referenceBaseline, features };
}
