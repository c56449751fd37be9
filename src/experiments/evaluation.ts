/** @file What `evaluate` measures of samples, and the images that it measures a model on. */
import { type ImageSet, type ImageSplits, type Images, type Split, take, takeSpread } from "../data/index.js";
import type { ImageStream } from "../data/samples/image-stream.js";
import type { Samples } from "../inference/sampling/sampler.js";
import { type FeatureSet, measureFeatures } from "../quality/feature-set.js";
import { collectFirst, streamImages, tap } from "../quality/image-streams.js";
import { type Memorisation, memorisation } from "../quality/neighbours.js";
import { checkMeasurable, defaultMetricsOf, measurableWith, type QualityMetric } from "../quality/quality.js";
import { referenceOfSet } from "../quality/reference.js";
import { type SampleQuality, type SampleQualityOptions, sampleQuality } from "../quality/sample-quality.js";

/** First samples that are shown beside the figures. */
const SHOWN = 64;
/** Samples that are shown with the training image nearest to them. */
const PAIRS = 24;
/** Held-out images whose distance to training images is measured at most. */
const MOST_HELD_OUT = 2000;

/** How {@link evaluateSamples} measures. */
export interface EvaluateSamplesOptions extends Omit<SampleQualityOptions, "metrics" | "keepRows"> {
  /** The figures to measure, as far as the reference allows. Default: all that the features allow. */
  metrics?: readonly QualityMetric[];
  /** Training images among which to look for the one nearest to each sample, and others, unseen, to do the same for. */
  copies?: { train: ImageSet; heldOut: ImageSet };
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
  /** How near samples are to training images, and the first of them with those nearest to them. */
  copies?: Memorisation & { pairs: { samples: Images; nearest: Images } };
}

/**
 * Measures samples, drawn or read, beside a reference.
 *
 * @param samples - of `streamSamples`, or of `openSamples`
 * @throws UserError when features and reference do not fit, or allow none of the figures; the signal's reason when aborted
 */
export async function evaluateSamples(
  samples: ImageStream | ImageStream<Samples>,
  { metrics: asked, copies, ...options }: EvaluateSamplesOptions,
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
  const keepRows = copies === undefined ? undefined : true;
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
    ...(copies && { copies: await findCopies(features, first.pictures, copies, options) }),
  };
}

/** Looks for the training images nearest to samples, and to images that were not trained on. */
async function findCopies(
  samples: FeatureSet,
  shown: Images,
  { train, heldOut }: NonNullable<EvaluateSamplesOptions["copies"]>,
  { extractor, runtime, signal, onFigure }: Omit<EvaluateSamplesOptions, "metrics" | "copies">,
): Promise<NonNullable<SamplesEvaluation["copies"]>> {
  onFigure?.("features of all training images");
  const training = await referenceOfSet(train, extractor, { keep: train.count, runtime, signal });
  const unseen = streamImages(takeSpread(heldOut, MOST_HELD_OUT));
  const others = await measureFeatures(unseen, extractor, { runtime, signal });
  onFigure?.("nearest training images");
  const { nearest, ...distances } = await memorisation(samples, others, training, { runtime, signal });
  const count = Math.min(PAIRS, shown.count);
  const size = 3 * shown.resolution ** 2;
  const first = { ...shown, count, images: shown.images.subarray(0, count * size) };
  return { ...distances, pairs: { samples: first, nearest: take(train, nearest.subarray(0, count)) } };
}

/** Images that no model has seen: those for testing, or else those for validation. */
export const heldOutSplit = ({ test }: Pick<ImageSplits, "test">): Extract<Split, "test" | "validation"> =>
  test.count > 0 ? "test" : "validation";
