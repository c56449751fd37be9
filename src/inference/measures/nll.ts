/** @file Negative log-likelihood of images in bits per dimension: the bound of the paper's Table 1, and a tighter one (paper eq. 5). */
import { numpy as np } from "@jax-js/jax";
import type { Config } from "../../config/index.js";
import type { Images, Pixels } from "../../data/image-set.js";
import type { Operand } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import type { ModelParameters } from "../../model/index.js";
import { type AutoEncoderInputs, autoEncode } from "../../objective/auto-encode.js";
import { logDensityRatio } from "../../objective/group-kl.js";
import { negativeLogProbability } from "../../objective/output-layers.js";
import { pipelined, portions } from "../batches.js";
import { compileForModel, type ModelProgram } from "../programs/compiled.js";
import { autoEncoderSpecs, checkModelImages, modelInputs, posteriorNoise } from "../programs/model-inputs.js";
import type { TrainedModel } from "../trained-model.js";
import { type MeasurementOptions, measuredAtOnce } from "./measurement-options.js";

/** How {@link negativeLogLikelihood} measures. */
export interface LikelihoodOptions extends MeasurementOptions {
  /** Posterior samples of each image; with more than one, the importance-weighted bound is worked out too. Default 1. */
  samples?: number;
}

/** Mean over images, and its standard error; null for a single image. */
export interface MeanWithError {
  mean: number;
  standardError: number | null;
}

/** What `metrics.json` says of the likelihood; bits per dimension. In super-resolution models, given the small image. */
export interface LikelihoodSummary {
  /** Images measured, and posterior samples of each. */
  count: number;
  samples: number;
  /** (−ln p(x|z) + K) / (D ln 2) with the KL in closed form, averaged over the samples: what the paper calls NLL. */
  bitsPerDim: MeanWithError;
  /** K / (D ln 2). */
  rateBitsPerDim: MeanWithError;
  /** −ln p(x|z) / (D ln 2). */
  distortionBitsPerDim: MeanWithError;
  /** The importance-weighted bound; only with several samples. */
  importanceWeightedBitsPerDim?: MeanWithError;
}

/** Bits per dimension of every image, [count]. */
export interface ImageLikelihoods {
  bitsPerDim: Float64Array;
  rateBitsPerDim: Float64Array;
  distortionBitsPerDim: Float64Array;
  importanceWeightedBitsPerDim?: Float64Array;
}

/** The likelihood of a set of images: a summary, and every image's figures. */
export interface Likelihood {
  /** Plain data. */
  summary: LikelihoodSummary;
  images: ImageLikelihoods;
}

/** What is known of a batch of N images after one sample of its posterior. */
export interface LikelihoodOutputs<T = Float32Array> {
  /** −ln p(x|z) of the 8-bit image, [N], nats. */
  distortion: T;
  /** [L, N], nats. */
  kl: T;
  /** ln q(z|x) − ln p(z) of the latents drawn, [L, N], nats. */
  logRatio: T;
}

type LikelihoodProgram = ModelProgram<AutoEncoderInputs<Operand>, LikelihoodOutputs>;

/**
 * Measures how well a model compresses images: each one's bound on −log2 p(x) per dimension, its rate and its distortion. The
 * likelihood is that of the 8-bit image whatever the output distribution.
 *
 * With K > 1 samples also the bound of Burda et al., "Importance Weighted Autoencoders" (2016), eq. 8, which is at most the
 * mean of the single samples' bounds and falls with K.
 *
 * @param images - in memory, or packed on disk and read batch by batch
 * @throws UserError when the images do not fit the model, or `samples` is no whole number from 1; the signal's reason when aborted
 */
export async function negativeLogLikelihood(
  { config, parameters }: Pick<TrainedModel, "config" | "parameters">,
  images: Images<Pixels>,
  options: LikelihoodOptions = {},
): Promise<Likelihood> {
  const { runtime } = options;
  checkMeasured(config, images, options);
  const { batch } = measuredAtOnce(options, images);
  const pass = (weights: ModelParameters<np.Array>, inputs: AutoEncoderInputs<np.Array>) =>
    likelihoodPass(config, weights, inputs);
  const specs = autoEncoderSpecs(config, batch);
  await using program: LikelihoodProgram = await compileForModel(
    pass,
    { name: "likelihood", config },
    parameters,
    specs,
    runtime,
  );
  return await measureLikelihood((inputs) => program.run(inputs), config, images, options);
}

/**
 * The same by whatever encodes a batch and codes its pixels.
 *
 * @param run - one sample of the posterior of a batch, as many images as `measuredAtOnce` says
 */
export async function measureLikelihood(
  run: (inputs: AutoEncoderInputs<Operand>) => Promise<LikelihoodOutputs>,
  config: Config,
  images: Images<Pixels>,
  options: LikelihoodOptions,
): Promise<Likelihood> {
  const { samples = 1 } = options;
  checkMeasured(config, images, options);
  const nats = await measure(run, config, images, { ...options, samples, ...measuredAtOnce(options, images) });
  return inBits(nats, samples, 3 * config.model.resolution ** 2);
}

/** @throws UserError as {@link negativeLogLikelihood} */
function checkMeasured({ model }: Config, images: Images<Pixels>, { samples = 1 }: LikelihoodOptions): void {
  checkModelImages(model, images);
  if (Number.isInteger(samples) && samples >= 1) return;
  throw new UserError("out-of-range", `Expected a whole number of posterior samples from 1, got ${samples}.`);
}

/** Encodes a batch with one sample of its posterior. Everything is borrowed. */
function likelihoodPass(
  { model, objective }: Pick<Config, "model" | "objective">,
  parameters: ModelParameters<np.Array>,
  { batch, noise }: AutoEncoderInputs<np.Array>,
): LikelihoodOutputs<np.Array> {
  const logRatio: np.Array[] = [];
  const { output, klNats } = autoEncode(parameters, model, batch, noise, ({ index }, q, p) => {
    logRatio[index] = logDensityRatio(q, p, noise[index].ref);
  });
  const distortion = negativeLogProbability(output, batch.images.ref, objective);
  return { distortion, kl: np.stack(klNats), logRatio: np.stack(logRatio) };
}

/** Nats of every image, [count]: means over the samples, and the importance-weighted bound. */
interface ImageNats {
  rate: Float64Array;
  distortion: Float64Array;
  importanceWeighted: Float64Array;
}

async function measure(
  run: (inputs: AutoEncoderInputs<Operand>) => Promise<LikelihoodOutputs>,
  { model }: Config,
  images: Images<Pixels>,
  {
    samples,
    count,
    batch,
    seed = 0,
    runtime,
    signal,
    onProgress,
  }: LikelihoodOptions & { samples: number; count: number; batch: number },
): Promise<ImageNats> {
  const [rate, distortion, importanceWeighted] = [0, 1, 2].map(() => new Float64Array(count));
  function* work() {
    for (const { indices, first, used } of portions(count, batch)) {
      const inputs = modelInputs(model, images, indices, seed); // in super-resolution the small image is the same in all samples
      const logWeights = Array.from({ length: used }, () => new Float64Array(samples));
      for (let sample = 0; sample < samples; sample++) yield { inputs, indices, first, logWeights, sample };
    }
  }
  const results = pipelined(
    work(),
    ({ inputs, indices, sample }) => run({ batch: inputs, noise: posteriorNoise(model, indices, seed, sample) }),
    signal,
    runtime?.lanes,
  );
  for await (const { item, result } of results) {
    const { first, logWeights, sample } = item;
    for (const [row, own] of logWeights.entries()) {
      rate[first + row] += column(result.kl, batch, row) / samples;
      distortion[first + row] += result.distortion[row] / samples;
      own[sample] = -result.distortion[row] - column(result.logRatio, batch, row);
    }
    if (sample + 1 < samples) continue;
    for (const [row, own] of logWeights.entries()) importanceWeighted[first + row] = importanceWeightedBound(own);
    onProgress?.(first + logWeights.length, count);
  }
  return { rate, distortion, importanceWeighted };
}

/** Sum over the groups of one image's column of [L, N]. */
function column(values: Float32Array, batch: number, row: number): number {
  let sum = 0;
  for (let place = row; place < values.length; place += batch) sum += values[place];
  return sum;
}

/**
 * The importance-weighted bound on −ln p(x) (Burda et al. 2016, eq. 8), by log-sum-exp:
 *
 *     −ln 1/K Σ_k w_k        w_k = p(x|z_k) p(z_k) / q(z_k|x)
 *
 * @param logWeights - ln w_k, [K], nats
 */
export function importanceWeightedBound(logWeights: Float64Array): number {
  const largest = logWeights.reduce((a, b) => Math.max(a, b));
  const sum = logWeights.reduce((total, logWeight) => total + Math.exp(logWeight - largest), 0);
  return Math.log(logWeights.length) - Math.log(sum) - largest;
}

function inBits({ rate, distortion, importanceWeighted }: ImageNats, samples: number, dimensions: number): Likelihood {
  const bits = (nats: Float64Array) => nats.map((value) => value / (dimensions * Math.LN2));
  const images: ImageLikelihoods = {
    bitsPerDim: bits(rate.map((nats, image) => nats + distortion[image])),
    rateBitsPerDim: bits(rate),
    distortionBitsPerDim: bits(distortion),
    ...(samples > 1 ? { importanceWeightedBitsPerDim: bits(importanceWeighted) } : {}),
  };
  const { importanceWeightedBitsPerDim: weighted } = images;
  const summary: LikelihoodSummary = {
    count: rate.length,
    samples,
    bitsPerDim: estimate(images.bitsPerDim),
    rateBitsPerDim: estimate(images.rateBitsPerDim),
    distortionBitsPerDim: estimate(images.distortionBitsPerDim),
    ...(weighted ? { importanceWeightedBitsPerDim: estimate(weighted) } : {}),
  };
  return { summary, images };
}

/** Mean, and √(variance / n) with the variance's divisor n − 1. */
function estimate(values: Float64Array): MeanWithError {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardError = values.length > 1 ? Math.sqrt(squares / (values.length - 1) / values.length) : null;
  return { mean, standardError };
}
