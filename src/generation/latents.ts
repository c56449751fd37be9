/** @file The noise that determines a picture: of samples, from their seed; of images, by what it takes to draw them again. */
import type { ModelConfig } from "../config/index.js";
import type { Runtime } from "../engine/index.js";
import { UserError } from "../errors.js";
import { groups } from "../model/index.js";
import { portions, rows } from "./batches.js";
import { checkPictures, encoderInputs, type LabelledPictures } from "./encoder-inputs.js";
import { normalNoise, type Purpose, scale, stream } from "./noise.js";
import { compileNoisePass } from "./noise-pass.js";
import { type Temperature, temperatures } from "./temperature.js";
import type { TrainedModel } from "./trained-model.js";

/**
 * Noise of every group, group 0 first, [N, Z, r, r] each: standard normal times a temperature. Under a label it determines N
 * pictures, by z_i = μ_i + σ_i ε_i with the prior p(z_i | z_<i).
 */
export type Latents = Float32Array[];

/** How the noise of pictures is drawn. */
export interface DrawOptions {
  /** Default 0. */
  seed?: number;
  /** Factor on the noise. Default 1. */
  temperature?: Temperature;
}

/**
 * The noise of samples by their number: of the pictures that `Sampler.sample` draws with this seed and temperature. In a
 * cascade the second model's is independent of the first one's.
 *
 * @throws UserError when the temperature does not fit the model
 */
export const latentsOfSamples = (model: ModelConfig, samples: readonly number[], options: DrawOptions = {}): Latents =>
  drawLatents(model, model.superResolution ? "enlargingLatents" : "sampleLatents", samples, options);

/** Noise of pictures of a stream, by their number. */
export function drawLatents(
  model: ModelConfig,
  purpose: Purpose,
  numbers: readonly number[],
  { seed = 0, temperature = 1 }: DrawOptions,
): Latents {
  const all = groups(model);
  const factors = temperatures(temperature, all);
  const shapes = all.map(({ shape }) => shape);
  const latents = normalNoise(stream(seed, purpose), numbers, shapes);
  for (const [group, noise] of latents.entries()) scale(noise, factors[group]);
  return latents;
}

/** Noise of one picture of several. */
export const latentsAt = (latents: Latents, index: number, count: number): Latents =>
  latents.map((noise) => rows(noise, [index], noise.length / count));

/** Noise of the pictures of all parts, one after another. */
export const concatenateLatents = (parts: readonly Latents[]): Latents =>
  parts[0].map((_, group) => {
    const whole = new Float32Array(parts.reduce((length, part) => length + part[group].length, 0));
    let offset = 0;
    for (const part of parts) {
      whole.set(part[group], offset);
      offset += part[group].length;
    }
    return whole;
  });

export interface LatentsOptions {
  /** Keys the draw from the posterior, as in `reconstruct`. Default 0. */
  seed?: number;
  /** Images at once; default 16. */
  batch?: number;
  runtime?: Runtime;
  signal?: AbortSignal;
}

/**
 * The noise with which the prior draws given images again: for z_i ~ q(z_i | z_<i, x),
 *
 *     ε_i = (z_i − μ_i) / σ_i        with the prior p(z_i | z_<i) = N(μ_i, σ_i²)
 *
 * `Sampler.sample` makes of it what `reconstruct` makes of the images, with the same seed and labels. Over all images it is
 * standard normal as far as the model has learnt its data: it can be handled as that of samples.
 *
 * @throws UserError when the images do not fit the model, or it is a super-resolution model
 * @throws the signal's reason when aborted
 */
export async function latentsOf(
  { config, parameters }: TrainedModel,
  images: LabelledPictures,
  { seed = 0, batch = Math.min(16, images.count), runtime, signal }: LatentsOptions = {},
): Promise<Latents> {
  const { model } = config;
  if (model.superResolution) {
    throw new UserError(
      "Noise of an image: expected a base model, got a super-resolution model, whose pictures depend on a small image too.",
    );
  }
  checkPictures(model, images);
  const shapes = groups(model).map(({ shape }) => shape);
  const latents = shapes.map(([channels, side]) => new Float32Array(images.count * channels * side ** 2));
  const program = await compileNoisePass(config, batch, parameters, runtime);
  try {
    for (const { indices, first, used } of portions(images.count, batch)) {
      signal?.throwIfAborted();
      const noise = await program.run({
        batch: encoderInputs(model, images, indices, seed),
        posteriorNoise: normalNoise(stream(seed, "posteriorLatents"), indices, shapes),
      });
      for (const [group, values] of noise.entries()) {
        const size = values.length / batch;
        latents[group].set(values.subarray(0, used * size), first * size);
      }
    }
    return latents;
  } finally {
    await program.dispose();
  }
}
