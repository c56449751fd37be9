/** @file Likelihood, rate and distortion, and where the information sits: the figures of a model on held-out images. */
import type { ImageSet } from "../data/index.js";
import { spreadIndices, takeSpread } from "../data/index.js";
import { headLikelihood } from "../heads/head-likelihood.js";
import type { HeadName } from "../heads/heads.js";
import type { Head } from "../heads/trained-head.js";
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
  /** The same with the code of a head in place of the output layer's, by the head's name, where heads were given. */
  headLikelihoods?: Partial<Record<HeadName, HeadLikelihoodSummary>>;
  rateDistortion: RateDistortion;
  information: ModelInformation;
  /** What the steps of a diffusion process would carry, beside the information, where training images were given. */
  diffusion?: DiffusionInformation;
}

/** The bound with a head. */
export interface HeadLikelihoodSummary extends LikelihoodSummary {
  /** Batches that the head was trained on. */
  step: number;
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
  /** Heads whose bound is measured beside the model's own likelihood; they stay open. */
  heads?: readonly Head[];
  /** Given what the mean likelihood is the mean of, with the index of every image, and that of the heads. */
  onLikelihoods?: (
    likelihoods: ImageLikelihoods,
    images: number[],
    ofHeads: Partial<Record<HeadName, ImageLikelihoods>>,
  ) => void;
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
  {
    count = images.count,
    importance = 1,
    train,
    heads = [],
    onProgress = () => {},
    onLikelihoods,
    ...options
  }: ModelFigureOptions,
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
    const ofHeads: Partial<Record<HeadName, ImageLikelihoods>> = {};
    for (const head of heads) {
      const { summary, images: each } = await headLikelihood(model, head, measured, {
        ...options,
        samples: importance,
        onProgress: report(`likelihood with the ${head.name} head`),
      });
      figures.headLikelihoods = { ...figures.headLikelihoods, [head.name]: { ...summary, step: head.step } };
      ofHeads[head.name] = each;
    }
    onLikelihoods?.(likelihood.images, spreadIndices(images.count, count), ofHeads);
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
