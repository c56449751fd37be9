/** @file Likelihood, rate and distortion, and where the information sits: the figures of a model on held-out images. */
import type { ImageSet } from "../data/index.js";
import { spreadIndices, takeSpread } from "../data/index.js";
import type { BatchedOptions } from "../inference/execution-options.js";
import {
  type DiffusionInformation,
  diffusionInformation,
  imageSpectrum,
} from "../inference/measures/diffusion-information.js";
import { type ModelInformation, measureInformation } from "../inference/measures/information.js";
import { type ImageLikelihoods, type LikelihoodSummary, negativeLogLikelihood } from "../inference/measures/nll.js";
import { type RateDistortion, rateDistortion } from "../inference/measures/rate-distortion.js";
import type { TrainedModel } from "../inference/trained-model.js";

/** Plain data. */
export interface ModelFigures {
  likelihood: LikelihoodSummary;
  rateDistortion: RateDistortion;
  information: ModelInformation;
  /** What the steps of a diffusion process would carry, beside the information, where training images were given. */
  diffusion?: DiffusionInformation;
}

/** What is measured of a model. */
export const modelMetrics = ["nll", "rate-distortion", "information"] as const;
/** A measurement of a model on images: likelihood, rate and distortion, or information. */
export type ModelMetric = (typeof modelMetrics)[number];

/** How {@link measureModel} measures a model on images. */
export interface ModelFigureOptions extends BatchedOptions {
  /** Images measured at most, evenly spaced. Default: all. */
  count?: number;
  /** Posterior samples of the importance-weighted bound. Default 1: none. */
  importance?: number;
  seed?: number;
  /** The training images, whose spectrum a diffusion process is worked out for beside the information (Figure 2). */
  train?: ImageSet;
  onProgress?: (what: string, done: number, count: number) => void;
  /** Given what the mean likelihood is the mean of, with the index of every image. */
  onLikelihoods?: (likelihoods: ImageLikelihoods, images: number[]) => void;
}

/** Images of a rate–distortion curve at most: each is reconstructed at every rate. */
const CURVE_IMAGES = 256;
/** Images that the information is averaged over at most. */
const INFORMATION_IMAGES = 1000;

/**
 * Measures what is asked for.
 *
 * @throws UserError when the images do not fit the model; the signal's reason when aborted
 */
export async function measureModel<Metric extends ModelMetric>(
  model: TrainedModel,
  images: ImageSet,
  metrics: readonly Metric[],
  { count = images.count, importance = 1, train, onProgress = () => {}, onLikelihoods, ...options }: ModelFigureOptions,
): Promise<Partial<ModelFigures>> {
  const report = (what: string) => (done: number, all: number) => onProgress(what, done, all);
  const asked: readonly ModelMetric[] = metrics;
  const figures: Partial<ModelFigures> = {};
  if (asked.includes("nll")) {
    const measured = takeSpread(images, count);
    const likelihood = await negativeLogLikelihood(model, measured, {
      ...options,
      samples: importance,
      onProgress: report("likelihood"),
    });
    figures.likelihood = likelihood.summary;
    onLikelihoods?.(likelihood.images, spreadIndices(images.count, count));
  }
  if (asked.includes("rate-distortion")) {
    const measured = takeSpread(images, Math.min(count, CURVE_IMAGES));
    figures.rateDistortion = await rateDistortion(model, measured, {
      ...options,
      onProgress: report("rate and distortion"),
    });
  }
  if (asked.includes("information")) {
    const measured = takeSpread(images, Math.min(count, INFORMATION_IMAGES));
    figures.information = await measureInformation(model, measured, { ...options, onProgress: report("information") });
    if (train) figures.diffusion = diffusionInformation(imageSpectrum(train));
  }
  return figures;
}
