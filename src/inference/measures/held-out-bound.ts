/** @file The bound on images: what a model's code for them costs, in bits per dimension, and how close it comes (paper §2). */
import { numpy as np } from "@jax-js/jax";
import type { Config } from "../../config/index.js";
import type { Images, Pixels } from "../../data/image-set.js";
import type { DeviceArray, Operand, Runtime } from "../../engine/index.js";
import { groups, type ModelParameters } from "../../model/index.js";
import { type AutoEncoderInputs, autoEncode } from "../../objective/auto-encode.js";
import { distortion, negativeLogProbability } from "../../objective/output-layers.js";
import { type Portion, runPortions } from "../batches.js";
import { DEFAULT_BATCH } from "../execution-options.js";
import { toBytes } from "../pictures.js";
import { compileForModel, type ModelProgram } from "../programs/compiled.js";
import { autoEncoderInputs, autoEncoderSpecs, checkModelImages } from "../programs/model-inputs.js";
import { picture } from "../programs/output.js";
import type { ParameterTree } from "../trained-model.js";
import type { MeasurementOptions } from "./measurement-options.js";

/** Means over the images measured; nats per image. */
export interface HeldOutBound {
  /** Images measured. */
  count: number;
  /** (−log p(x|z) + K) / (D ln 2) with the likelihood of the 8-bit image and a single posterior sample. */
  bitsPerDim: number;
  /** Distortion + unweighted KL. */
  boundNats: number;
  distortionNats: number;
  klNats: number;
  /** −10 log10 of the squared error of the clipped mean, on a scale of [0, 1], averaged over images. */
  psnrDb: number;
  /** [L], lowest resolution first. */
  groupKlNats: number[];
}

/** How {@link heldOutBound} measures. */
export type HeldOutBoundOptions = MeasurementOptions;

interface BoundOutputs<T> {
  /** [N], nats. */
  distortion: T;
  /** −log p(x|z) of the 8-bit image, [N], nats. */
  negativeLogLikelihood: T;
  /** [L, N], nats. */
  kl: T;
  /** Mean squared error of the clipped mean on a scale of [0, 1], [N]. */
  squaredError: T;
  /** The mean, [N, 3, R, R], unclipped. */
  mean: T;
}

export type BoundProgram = ModelProgram<AutoEncoderInputs<Operand>, BoundOutputs<Float32Array>>;

/** Encodes a batch and measures what its code costs. Everything is borrowed. */
function boundPass(
  config: Pick<Config, "model" | "objective">,
  parameters: ModelParameters<np.Array>,
  { batch, noise }: AutoEncoderInputs<np.Array>,
): BoundOutputs<np.Array> {
  const { model, objective } = config;
  const { images } = batch;
  const { output, klNats } = autoEncode(parameters, model, batch, noise);
  const distortionNats = distortion(output.ref, images.ref, objective);
  const negativeLogLikelihood = negativeLogProbability(output.ref, images.ref, objective);
  const mean = picture(objective, output);
  const error = np.clip(mean.ref, -1, 1).sub(images.ref).mul(0.5);
  return {
    distortion: distortionNats,
    negativeLogLikelihood,
    kl: np.stack(klNats),
    squaredError: np.square(error).mean([1, 2, 3]),
    mean,
  };
}

/**
 * Compiles the measurement for batches of N.
 *
 * @param weights - constants of the program, or where to find the weights on the device at every run
 */
export function compileBound(
  config: Pick<Config, "model" | "objective">,
  batch: number,
  weights: ParameterTree | (() => readonly DeviceArray[]),
  runtime?: Runtime,
): Promise<BoundProgram> {
  const pass = (parameters: ModelParameters<np.Array>, given: AutoEncoderInputs<np.Array>) =>
    boundPass(config, parameters, given);
  return compileForModel(pass, { name: "bound", config }, weights, autoEncoderSpecs(config, batch), runtime);
}

/**
 * Measures the bound of a model on images, and PSNR of their reconstructions.
 *
 * @throws UserError when the images do not fit the model; the signal's reason when aborted
 */
export async function heldOutBound(
  { config, parameters }: { config: Config; parameters: ParameterTree },
  images: Images<Pixels>,
  options: HeldOutBoundOptions = {},
): Promise<HeldOutBound> {
  checkModelImages(config.model, images);
  const batch = Math.min(options.batch ?? DEFAULT_BATCH, images.count);
  await using program = await compileBound(config, batch, parameters, options.runtime);
  return await measureBound(program, config, images, { ...options, batch });
}

/** `heldOutBound` with a program of `compileBound`; `batch` is the program's. */
export async function measureBound(
  program: BoundProgram,
  config: Config,
  images: Images<Pixels>,
  options: HeldOutBoundOptions & { batch: number },
): Promise<HeldOutBound> {
  const { seed = 0, batch, signal, onProgress } = options;
  const count = Math.min(options.count ?? images.count, images.count);
  const groupCount = groups(config.model).length;
  const sums = { distortion: 0, negativeLogLikelihood: 0, psnr: 0, kl: new Array<number>(groupCount).fill(0) };
  const begin = ({ indices }: Portion) => program.run(autoEncoderInputs(config.model, images, indices, seed));
  for await (const { used, result } of runPortions(count, batch, begin, { signal, onProgress })) {
    for (let row = 0; row < used; row++) {
      sums.distortion += result.distortion[row];
      sums.negativeLogLikelihood += result.negativeLogLikelihood[row];
      sums.psnr += -10 * Math.log10(Math.max(result.squaredError[row], LEAST_SQUARED_ERROR));
      for (let group = 0; group < groupCount; group++) sums.kl[group] += result.kl[group * batch + row];
    }
  }
  const klNats = sums.kl.reduce((sum, kl) => sum + kl, 0) / count;
  const distortionNats = sums.distortion / count;
  const dimensions = 3 * config.model.resolution ** 2;
  return {
    count,
    bitsPerDim: (sums.negativeLogLikelihood / count + klNats) / (dimensions * Math.LN2),
    boundNats: distortionNats + klNats,
    distortionNats,
    klNats,
    psnrDb: sums.psnr / count,
    groupKlNats: sums.kl.map((kl) => kl / count),
  };
}

/** An exact reconstruction counts as 100 dB. */
const LEAST_SQUARED_ERROR = 1e-10;

/**
 * Reconstructions, shown by their mean, of the first `count` images, with a program of `compileBound`.
 *
 * @throws the signal's reason when aborted
 */
export async function reconstructMeans(
  program: BoundProgram,
  config: Config,
  images: Images<Pixels>,
  { count, seed = 0, batch, signal }: Pick<MeasurementOptions, "seed" | "signal"> & { count: number; batch: number },
): Promise<Images> {
  const size = 3 * images.resolution ** 2;
  const bytes = new Uint8Array(count * size);
  const begin = ({ indices }: Portion) => program.run(autoEncoderInputs(config.model, images, indices, seed));
  for await (const { first, used, result } of runPortions(count, batch, begin, { signal })) {
    toBytes(result.mean.subarray(0, used * size), bytes, first * size);
  }
  return { images: bytes, count, resolution: images.resolution };
}
