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
export async function latentsOf(model: TrainedModel, images: Images, options: LatentsOptions = {}): Promise<Latents> {
  const { batch = Math.min(DEFAULT_BATCH, images.count), ...rest } = options;
  await using encoder = new ImageEncoder(model, { batch, runtime: options.runtime });
  return (await encoder.encode(images, rest)).latents;
}

/** Images as their noise, and what each of them costs. */
export interface EncodedImages {
  latents: Latents;
  /** KL of every group, [N] each, nats. */
  groupKlNats: Float32Array[];
}

/** Encodes images with a program that is compiled once, when it is first needed. */
export class ImageEncoder {
  #program: ReturnType<typeof compileNoisePass> | undefined;

  constructor(
    readonly model: TrainedModel,
    private readonly options: { batch: number; runtime?: LatentsOptions["runtime"] },
  ) {}

  /** As {@link latentsOf}, with the KL of every group. */
  async encode(
    images: Images,
    { seed = 0, signal }: Omit<LatentsOptions, "batch" | "runtime"> = {},
  ): Promise<EncodedImages> {
    const { config, parameters } = this.model;
    const { model } = config;
    if (model.superResolution) {
      throw new UserError(
        "wrong-model",
        "Noise of an image: expected a base model, got a super-resolution model, whose pictures depend on a small image too.",
      );
    }
    checkModelImages(model, images);
    const { batch, runtime } = this.options;
    const shapes = groups(model).map(({ shape }) => shape);
    const latents = shapes.map(([channels, side]) => new Float32Array(images.count * channels * side ** 2));
    const groupKlNats = shapes.map(() => new Float32Array(images.count));
    this.#program ??= compileNoisePass(config, batch, parameters, runtime);
    const program = await this.#program;
    const begin = ({ indices }: Portion) =>
      program.run({
        batch: modelInputs(model, images, indices, seed),
        posteriorNoise: normalNoise(stream(seed, "posteriorLatents"), indices, shapes),
      });
    for await (const { first, used, result } of runPortions(images.count, batch, begin, { signal })) {
      for (const [group, values] of result.noise.entries()) {
        const size = values.length / batch;
        latents[group].set(values.subarray(0, used * size), first * size);
        groupKlNats[group].set(result.groupKlNats[group].subarray(0, used), first);
      }
    }
    return { latents, groupKlNats };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const program = await this.#program?.catch(() => undefined); // whoever wanted it knows
    await program?.dispose();
  }
}
