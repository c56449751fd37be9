/** @file What `evaluate` measures of samples, and the images that it measures a model on. */
import { type ImageSet, type ImageSplits, type Images, type Split, take, takeSpread } from "../data/index.js";
import type { ImageStream } from "../data/samples/image-stream.js";
import type { Samples } from "../inference/sampling/sampler.js";
import { type FeatureSet, measureFeatures } from "../quality/feature-set.js";
import { collectFirst, streamSet, tap } from "../quality/image-streams.js";
import { type Memorisation, memorisation } from "../quality/neighbours.js";
import {
  checkMeasurable,
  compareToReference,
  defaultMetricsOf,
  measurableWith,
  needsLogits,
  type QualityMetric,
  type QualityValue,
} from "../quality/quality.js";
import { referenceOfSet } from "../quality/reference.js";
import { type SampleQuality, type SampleQualityOptions, sampleQuality } from "../quality/sample-quality.js";

/** First samples that are shown beside the figures. */
const SHOWN = 64;
/** Samples that are shown with the training image nearest to them. */
const PAIRS = 24;
/** Held-out images that are measured at most. */
const MOST_HELD_OUT = 2000;

/** How {@link evaluateSamples} measures. */
export interface EvaluateSamplesOptions extends Omit<SampleQualityOptions, "metrics" | "keepRows"> {
  /** The figures to measure, as far as the reference allows. Default: all that the features allow. */
  metrics?: readonly QualityMetric[];
  /** Images that no model has seen, to measure as if they were samples, and the training images, to look for copies among. */
  beside?: { train: ImageSet; heldOut: ImageSet };
}

/** Figures of samples, and all that has to be said for them not to be misread. */
export interface SamplesEvaluation extends SampleQuality {
  features: { name: string; identity: string };
  /** How many images the statistics are of, unknown of those of a file, and how many single ones there were. */
  reference: { images?: number; rows: number };
  /** What was to be measured, but not with a reference of statistics alone. */
  notMeasured: QualityMetric[];
  /** Values that guidance clamped, of samples that were drawn here. */
  clamped?: number;
  /** The first samples. */
  shown: Images;
  /** What held-out images get for samples, where that was asked for. */
  beside?: BesideHeldOut;
}

/** Samples beside images that no model has seen. */
export interface BesideHeldOut {
  /** Held-out images measured. */
  count: number;
  /** Their figures, as if they were samples: as good as samples can be. */
  values: QualityValue[];
  /** How near samples and they are to training images. */
  copies: Memorisation;
  /** The first samples, and the training image nearest to each. */
  pairs: { samples: Images; nearest: Images };
}

/**
 * Measures samples, drawn or read, beside a reference.
 *
 * @param samples - of `streamSamples`, or of `openSamples`
 * @throws UserError when features and reference do not fit, or allow none of the figures; the signal's reason when aborted
 */
export async function evaluateSamples(
  samples: ImageStream | ImageStream<Samples>,
  { metrics: asked, beside, ...options }: EvaluateSamplesOptions,
): Promise<SamplesEvaluation> {
  const { extractor, reference } = options;
  const { measurable, notMeasurable } = measurableWith(reference, asked ?? defaultMetricsOf(extractor));
  if (measurable.length === 0) checkMeasurable(reference, notMeasurable, extractor.name);
  const first = collectFirst(Math.min(SHOWN, samples.count), samples.resolution);
  let clamped: number | undefined;
  const seen = tap<Images & Partial<Samples>>(samples, (part, index) => {
    first.look(part, index);
    if (part.clamped !== undefined) clamped = (clamped ?? 0) + part.clamped;
  });
  const keepRows = beside === undefined ? undefined : true;
  const { features, ...quality } = await sampleQuality(seen, { ...options, metrics: measurable, keepRows });
  const { name, identity } = extractor;
  const { count } = reference.moments;
  return {
    ...quality,
    features: { name, identity },
    reference: { images: Number.isFinite(count) ? count : undefined, rows: reference.rowCount },
    notMeasured: notMeasurable,
    clamped,
    shown: first.pictures,
    ...(beside && {
      beside: await besideHeldOut(features, first.pictures, beside, { ...options, metrics: measurable }),
    }),
  };
}

/** Measures held-out images as if they were samples, and looks for the training images nearest to both. */
async function besideHeldOut(
  samples: FeatureSet,
  shown: Images,
  { train, heldOut }: NonNullable<EvaluateSamplesOptions["beside"]>,
  options: Omit<EvaluateSamplesOptions, "beside"> & { metrics: readonly QualityMetric[] },
): Promise<BesideHeldOut> {
  const { extractor, reference, metrics, seed, kernelSubsets, runtime, signal, onFigure } = options;
  onFigure?.("features of held-out images, and of all training images");
  const unseen = streamSet(takeSpread(heldOut, MOST_HELD_OUT));
  const wanted = { keep: unseen.count, logits: needsLogits(metrics) };
  const others = await measureFeatures(unseen, extractor, { ...wanted, runtime, signal });
  const how = { runtime, signal, kernelSubsets, seed };
  const values = await compareToReference(others, reference, metrics, extractor.name, how);
  const training = await referenceOfSet(train, extractor, { keep: train.count, runtime, signal });
  onFigure?.("nearest training images");
  const { nearest, ...copies } = await memorisation(samples, others, training, { runtime, signal });
  const count = Math.min(PAIRS, shown.count);
  const first = { ...shown, count, images: shown.images.subarray(0, count * 3 * shown.resolution ** 2) };
  const pairs = { samples: first, nearest: take(train, nearest.subarray(0, count)) };
  return { count: unseen.count, values, copies, pairs };
}

/** Images that no model has seen: those for testing, or else those for validation. */
export const heldOutSplit = ({ test }: Pick<ImageSplits, "test">): Extract<Split, "test" | "validation"> =>
  test.count > 0 ? "test" : "validation";
