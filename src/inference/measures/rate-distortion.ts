/** @file Rate against distortion of partial reconstructions (paper §4.2, Figure 3). */
import type { Config } from "../../config/index.js";
import type { Images, Pixels } from "../../data/image-set.js";
import { UserError } from "../../errors.js";
import { groups } from "../../model/index.js";
import { pipelined, portions } from "../batches.js";
import { toBytes } from "../pictures.js";
import { checkModelImages, modelInputs, pixels, posteriorNoise } from "../programs/model-inputs.js";
import { compilePosteriorPass, type PosteriorProgram } from "../programs/posterior-pass.js";
import type { TrainedModel } from "../trained-model.js";
import { type MeasurementOptions, measuredAtOnce } from "./measurement-options.js";

/** How {@link rateDistortion} measures. */
export interface RateDistortionOptions extends MeasurementOptions {
  /** Rates that images are allotted, bits per dimension, at least 0; infinite for no limit. Default: see {@link rateDistortion}. */
  rates?: readonly number[];
  /** Reconstructions made, of those to make at all rates. */
  onProgress?: (done: number, count: number) => void;
}

/** One point of the curve: what a rate buys. */
export interface RateDistortionPoint {
  /** What an image was allowed; null: no limit. */
  allottedBitsPerDim: number | null;
  /** What was really used, mean over the images: groups are taken whole or not at all. */
  rateBitsPerDim: number;
  /** √ of the squared error's mean over all images, colours and pixels, on the scale of bytes, [0, 255]. */
  rmse: number;
}

/** Plain data, as `metrics.json` has it. */
export interface RateDistortion {
  /** Images measured. */
  count: number;
  /** One for each rate allotted, in their order. */
  points: RateDistortionPoint[];
}

/** Points of a curve whose rates are not given. */
const POINTS = 12;

/**
 * The error of reconstructions at a list of rates: image by image, whole groups from the posterior, lowest resolution first,
 * until the allotted rate is used, the rest from the prior. The reconstruction is the output distribution's mean, also of a
 * mixture of logistics, clipped and rounded to bytes as it would be shown.
 *
 * By default the rates are the first eleven of R (k / 11)², k = 0 … 11, with R the model's mean rate, and no limit: dense where
 * the curve is steep.
 *
 * @param images - in memory, or packed on disk and read batch by batch
 * @throws UserError when the images do not fit the model, or a rate is negative; the signal's reason when aborted
 */
export async function rateDistortion(
  { config, parameters }: Pick<TrainedModel, "config" | "parameters">,
  images: Images<Pixels>,
  options: RateDistortionOptions = {},
): Promise<RateDistortion> {
  checkModelImages(config.model, images);
  const bad = options.rates?.find((rate) => !(rate >= 0));
  if (bad !== undefined)
    throw new UserError("out-of-range", `Expected rates of at least 0 bits per dimension, got ${bad}.`);
  const { count, batch } = measuredAtOnce(options, images);
  await using program = await compilePosteriorPass(config, batch, { drawn: false }, parameters, options.runtime);
  const total = count * (options.rates?.length ?? POINTS);
  const measureFrom = (before: number, rates: readonly number[]) =>
    measure(program, config, images, rates, {
      ...options,
      count,
      batch,
      onProgress: (done) => options.onProgress?.(before + done, total),
    });
  if (options.rates) return { count, points: await measureFrom(0, options.rates) };
  const unlimited = await measureFrom(0, [Number.POSITIVE_INFINITY]);
  const limited = await measureFrom(count, defaultRates(unlimited[0].rateBitsPerDim));
  return { count, points: [...limited, ...unlimited] };
}

function defaultRates(full: number): number[] {
  return Array.from({ length: POINTS - 1 }, (_, k) => full * (k / (POINTS - 1)) ** 2);
}

async function measure(
  program: PosteriorProgram,
  { model }: Config,
  images: Images<Pixels>,
  rates: readonly number[],
  { count, batch, seed = 0, runtime, signal, onProgress }: RateDistortionOptions & { count: number; batch: number },
): Promise<RateDistortionPoint[]> {
  const size = 3 * model.resolution ** 2;
  const bitsPerDim = size * Math.LN2; // nats of an image in one
  const sums = rates.map(() => ({ nats: 0, squaredError: 0 }));
  const everyGroup = new Float32Array(groups(model).length).fill(1);
  function* work() {
    for (const { indices, used } of portions(count, batch)) {
      const inputs = {
        batch: modelInputs(model, images, indices, seed),
        latents: posteriorNoise(model, indices, seed),
        fromPosterior: everyGroup,
      };
      const originals = pixels(images, indices.slice(0, used));
      for (const [index, rate] of rates.entries()) yield { inputs, originals, used, index, rate };
    }
  }
  const results = pipelined(
    work(),
    ({ inputs, rate }) => program.run({ ...inputs, allottedNats: new Float32Array(batch).fill(rate * bitsPerDim) }),
    signal,
    runtime?.lanes,
  );
  let done = 0;
  for await (const { item, result } of results) {
    const { originals, used, index } = item;
    for (let row = 0; row < used; row++) sums[index].nats += result.rateNats[row];
    sums[index].squaredError += squaredError(toBytes(result.images.subarray(0, used * size)), originals);
    done += used;
    onProgress?.(done, rates.length * count);
  }
  return rates.map((rate, index) => ({
    allottedBitsPerDim: Number.isFinite(rate) ? rate : null,
    rateBitsPerDim: sums[index].nats / count / bitsPerDim,
    rmse: Math.sqrt(sums[index].squaredError / (count * size)),
  }));
}

function squaredError(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
}
