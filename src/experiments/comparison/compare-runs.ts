/** @file Several models measured on the same images and with the same noise, and how sure their differences are. */
import type { ImageSet } from "../../data/index.js";
import type { BatchedOptions } from "../../inference/execution-options.js";
import type { ImageLikelihoods } from "../../inference/measures/nll.js";
import { Sampler } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import type { FeatureSet } from "../../quality/feature-set.js";
import type { FeatureExtractor } from "../../quality/features/extractor.js";
import { streamSamples } from "../../quality/image-streams.js";
import { bootstrapMean, type Interval, jackknifeError, jackknifeInterval } from "../../quality/metrics/index.js";
import {
  defaultMetricsOf,
  higherIsBetter,
  intervalOf,
  type QualityMetric,
  type QualityValue,
} from "../../quality/quality.js";
import { sampleQuality } from "../../quality/sample-quality.js";
import { measureModel } from "../model-figures.js";

/** A value and its 95 % interval. */
export interface Estimate extends Interval {
  value: number;
}

/** The difference of a run's figure from that of the first run. */
export interface Difference extends Estimate {
  /** Which of the two is better, where the interval excludes 0 and the figure says so. */
  better?: "this" | "first";
}

/** One figure of all runs. */
export interface ComparedFigure {
  name: string;
  /** What makes it better; undefined of figures that say nothing alone, such as the rate. */
  better?: "lower" | "higher";
  /** One a run. */
  runs: Estimate[];
  /** Of every run but the first from the first. */
  differences: Difference[];
}

/** What is measured, of which images. */
export interface CompareModelsOptions extends BatchedOptions {
  /** Images that no model has seen. */
  heldOut: ImageSet;
  /** What makes the features of samples, and those of the images that samples are compared with; without it samples are not measured. */
  quality?: { extractor: FeatureExtractor; reference: FeatureSet };
  /** Samples of each model, and held-out images measured at most. */
  count: number;
  /** Of noise and samples, the same for all models. Default 0. */
  seed?: number;
  onProgress?: (what: string, done: number, count: number) => void;
}

/** A model with the name it is told apart by. */
export interface NamedModel {
  name: string;
  model: TrainedModel;
}

/**
 * Measures models beside the first of them: the bound on the likelihood with its parts, image by image, and the figures of
 * samples.
 *
 * Differences are paired. Image i is encoded with the same noise by all models, so differences of likelihoods are means over
 * images of differences: `bootstrapMean`. Sample i is drawn with the same seed, so figures of samples are compared tenth by
 * tenth: `jackknifeError` of the differences of what is left without one.
 *
 * @param models - of one resolution, at least two
 * @throws UserError when images, features and models do not fit; the signal's reason when aborted
 */
export async function compareModels(
  models: readonly NamedModel[],
  options: CompareModelsOptions,
): Promise<ComparedFigure[]> {
  const likelihoods: ImageLikelihoods[] = [];
  for (const named of models) likelihoods.push(await likelihoodsOf(named, options));
  const figures = LIKELIHOODS.map((figure) => comparedMeans(figure, likelihoods, options.seed));
  if (options.quality === undefined) return figures;
  const values: QualityValue[][] = [];
  for (const named of models) values.push(await qualityOf(named, { ...options, quality: options.quality }));
  return [...figures, ...values[0].map((_, place) => comparedQuality(values.map((own) => own[place])))];
}

type LikelihoodFigure = Pick<ComparedFigure, "name" | "better"> & { of: (images: ImageLikelihoods) => Float64Array };

const LIKELIHOODS: readonly LikelihoodFigure[] = [
  { name: "bound, bits/dim", better: "lower", of: ({ bitsPerDim }) => bitsPerDim },
  { name: "rate, bits/dim", of: ({ rateBitsPerDim }) => rateBitsPerDim },
  { name: "distortion, bits/dim", of: ({ distortionBitsPerDim }) => distortionBitsPerDim },
];

async function likelihoodsOf({ name, model }: NamedModel, options: CompareModelsOptions): Promise<ImageLikelihoods> {
  const { heldOut, count, seed = 0, batch, runtime, signal, onProgress } = options;
  let images: ImageLikelihoods | undefined;
  await measureModel(model, heldOut, ["nll"], {
    ...{ count, seed, batch, runtime, signal },
    onProgress: (what, done, all) => onProgress?.(`${name}: ${what}`, done, all),
    onLikelihoods: (found) => {
      images = found;
    },
  });
  return images!;
}

function comparedMeans(
  { of, ...figure }: LikelihoodFigure,
  likelihoods: readonly ImageLikelihoods[],
  seed?: number,
): ComparedFigure {
  const estimate = (values: Float64Array): Estimate => {
    const { mean, low, high } = bootstrapMean(values, seed);
    return { value: mean, low, high };
  };
  const [first, ...others] = likelihoods.map(of);
  const differences = others.map((own) => estimate(own.map((value, image) => value - first[image])));
  return {
    ...figure,
    runs: [first, ...others].map(estimate),
    differences: differences.map((difference) => judged(difference, figure.better)),
  };
}

async function qualityOf(
  { name, model }: NamedModel,
  options: CompareModelsOptions & { quality: NonNullable<CompareModelsOptions["quality"]> },
): Promise<QualityValue[]> {
  const { quality, count, seed = 0, batch, runtime, signal, onProgress } = options;
  const { extractor, reference } = quality;
  await using sampler = new Sampler(model, { batch, runtime });
  const metrics: QualityMetric[] = defaultMetricsOf(extractor).filter((metric) => metric !== "sfid"); // which has no error
  const { values } = await sampleQuality(streamSamples(sampler, { count, seed, signal }), {
    ...{ extractor, reference, metrics, seed, runtime, signal, errors: true },
    onProgress: (done, all) => onProgress?.(`${name}: samples`, done, all),
  });
  return values;
}

/** One figure of the samples of every run. */
function comparedQuality(values: readonly QualityValue[]): ComparedFigure {
  const estimate = (value: number, leftOut: readonly number[]): Estimate => ({
    value,
    ...jackknifeInterval(value, jackknifeError(leftOut)),
  });
  const [first, ...others] = values;
  const better = higherIsBetter(first.metric) ? "higher" : "lower";
  const differences = others.map(({ value, leftOut }) =>
    estimate(
      value - first.value,
      leftOut!.map((without, part) => without - first.leftOut![part]),
    ),
  );
  return {
    name: first.name,
    better,
    runs: values.map((figure) => ({ value: figure.value, ...intervalOf(figure)! })),
    differences: differences.map((difference) => judged(difference, better)),
  };
}

/** Says which of two is better only where the interval of their difference leaves no doubt. */
function judged(difference: Estimate, better: ComparedFigure["better"]): Difference {
  const { low, high } = difference;
  if (better === undefined || (low <= 0 && high >= 0)) return difference;
  return { ...difference, better: high < 0 === (better === "lower") ? "this" : "first" };
}
