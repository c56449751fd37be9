/** @file What `evaluate` measures of samples, and the images that it measures a model on. */
import type { ImageSplits, Images, Split } from "../data/index.js";
import type { ImageStream } from "../data/samples/image-stream.js";
import type { Samples } from "../inference/sampling/sampler.js";
import { collectFirst, tap } from "../quality/image-streams.js";
import { checkMeasurable, defaultMetricsOf, measurableWith, type QualityMetric } from "../quality/quality.js";
import { type SampleQuality, type SampleQualityOptions, sampleQuality } from "../quality/sample-quality.js";

/** First samples that are shown beside the figures. */
const SHOWN = 64;

/** How {@link evaluateSamples} measures. */
export interface EvaluateSamplesOptions extends Omit<SampleQualityOptions, "metrics" | "keepRows"> {
  /** The figures to measure, as far as the reference allows. Default: all that the features allow. */
  metrics?: readonly QualityMetric[];
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
}

/**
 * Measures samples, drawn or read, beside a reference.
 *
 * @param samples - of `streamSamples`, or of `openSamples`
 * @throws UserError when features and reference do not fit, or allow none of the figures; the signal's reason when aborted
 */
export async function evaluateSamples(
  samples: ImageStream | ImageStream<Samples>,
  { metrics: asked, ...options }: EvaluateSamplesOptions,
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
  const { features: _, ...quality } = await sampleQuality(seen, { ...options, metrics: measurable });
  const { name, identity } = extractor;
  const { count } = reference.moments;
  return {
    ...quality,
    features: { name, identity },
    reference: { images: Number.isFinite(count) ? count : undefined, rows: reference.rowCount },
    notMeasured: notMeasurable,
    clamped,
    shown: first.pictures,
  };
}

/** Images that no model has seen: those for testing, or else those for validation. */
export const heldOutSplit = ({ test }: Pick<ImageSplits, "test">): Extract<Split, "test" | "validation"> =>
  test.count > 0 ? "test" : "validation";
