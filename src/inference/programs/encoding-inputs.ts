/** @file What a program that encodes images is given: a batch of them, and noise for every latent group's posterior. */
import type { Config, ModelConfig } from "../../config/index.js";
import { type Operand, type Spec, spec } from "../../engine/index.js";
import { normalNoise, stream } from "../../latents/noise.js";
import { groups } from "../../model/index.js";
import { type EncoderInputs, encoderInputSpecs, encoderInputs, type LabelledImages } from "./encoder-inputs.js";

export interface EncodingInputs<T> {
  batch: EncoderInputs<T>;
  /** Standard normal noise of every group, [N, Z, r, r]. */
  latents: T[];
}

/** Shapes for batches of N. */
export function encodingSpecs({ model }: Pick<Config, "model">, batch: number): EncodingInputs<Spec> {
  return {
    batch: encoderInputSpecs(model, batch),
    latents: groups(model).map(({ shape }) => spec([batch, ...shape])),
  };
}

/** Noise of the posteriors of some images, keyed by seed, number of the posterior sample, image and group. */
export function posteriorNoise(
  model: ModelConfig,
  indices: readonly number[],
  seed: number,
  sample = 0,
): Float32Array[] {
  const shapes = groups(model).map(({ shape }) => shape);
  return normalNoise(stream(seed, "posteriorLatents", sample), indices, shapes);
}

/** The images of a portion, by index, with the noise of their first posterior sample. */
export function encodingInputs(
  model: ModelConfig,
  images: LabelledImages,
  indices: readonly number[],
  seed: number,
): EncodingInputs<Operand> {
  return { batch: encoderInputs(model, images, indices, seed), latents: posteriorNoise(model, indices, seed) };
}
