/** @file The noise of given images: what it takes to draw them again. */
import type { Images } from "../../data/image-set.js";
import { UserError } from "../../errors.js";
import type { Latents } from "../../latents/latents.js";
import { normalNoise, stream } from "../../latents/noise.js";
import { groups } from "../../model/index.js";
import { type Portion, runPortions } from "../batches.js";
import { type BatchedOptions, DEFAULT_BATCH } from "../execution-options.js";
import { checkModelImages, modelInputs } from "../programs/model-inputs.js";
import { compileNoisePass } from "../programs/noise-pass.js";
import type { TrainedModel } from "../trained-model.js";

/** How {@link latentsOf} encodes images. */
export interface LatentsOptions extends BatchedOptions {
  /** Keys the draw from the posterior, as in `reconstruct`. Default 0. */
  seed?: number;
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
  images: Images,
  { seed = 0, batch = Math.min(DEFAULT_BATCH, images.count), runtime, signal }: LatentsOptions = {},
): Promise<Latents> {
  const { model } = config;
  if (model.superResolution) {
    throw new UserError(
      "wrong-model",
      "Noise of an image: expected a base model, got a super-resolution model, whose pictures depend on a small image too.",
    );
  }
  checkModelImages(model, images);
  const shapes = groups(model).map(({ shape }) => shape);
  const latents = shapes.map(([channels, side]) => new Float32Array(images.count * channels * side ** 2));
  await using program = await compileNoisePass(config, batch, parameters, runtime);
  const begin = ({ indices }: Portion) =>
    program.run({
      batch: modelInputs(model, images, indices, seed),
      posteriorNoise: normalNoise(stream(seed, "posteriorLatents"), indices, shapes),
    });
  for await (const { first, used, result: noise } of runPortions(images.count, batch, begin, { signal })) {
    for (const [group, values] of noise.entries()) {
      const size = values.length / batch;
      latents[group].set(values.subarray(0, used * size), first * size);
    }
  }
  return latents;
}
