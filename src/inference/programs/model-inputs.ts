/** @file What a model takes to encode images: pixels, labels, in super-resolution models small versions, and noise. */
import type { Config, ModelConfig } from "../../config/index.js";
import { checkImages } from "../../data/check-images.js";
import { type Images, imageReader, type Pixels } from "../../data/image-set.js";
import { type Operand, type Spec, spec } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { normalNoise, stream } from "../../latents/noise.js";
import { groups } from "../../model/index.js";
import type { AutoEncoderInputs, ModelInputs } from "../../objective/auto-encode.js";
import { rows } from "../batches.js";
import { fromBytes } from "../pictures.js";
import { addNoise, areaDownsample } from "./low-resolution.js";

/** Shapes of a batch of N images. */
export function modelInputSpecs(
  { resolution, classes, levels, superResolution }: ModelConfig,
  n: number,
): ModelInputs<Spec> {
  const low = levels[0].resolution;
  return {
    images: spec([n, 3, resolution, resolution]),
    ...(classes > 0 ? { labels: spec([n], "int32") } : {}),
    ...(superResolution ? { lowResolution: spec([n, 3, low, low]) } : {}),
  };
}

/**
 * The images of a portion as a model takes them. Noise on small images is keyed by seed and image index.
 *
 * @param indices - of the N images
 */
export function modelInputs(
  model: ModelConfig,
  pictures: Images<Pixels>,
  indices: readonly number[],
  seed: number,
): ModelInputs<Float32Array | Int32Array> {
  const { resolution, classes, levels, superResolution } = model;
  const images = fromBytes(pixels(pictures, indices));
  const low = levels[0].resolution;
  const small = () => {
    const [noise] = normalNoise(stream(seed, "posteriorLowResolution"), indices, [[3, low, low]]);
    return addNoise(areaDownsample(images, resolution, low), noise, superResolution!.noise);
  };
  return {
    images,
    ...(classes > 0 ? { labels: rows(pictures.labels!, indices, 1) } : {}),
    ...(superResolution ? { lowResolution: small() } : {}),
  };
}

/** Shapes for batches of N. */
export function autoEncoderSpecs({ model }: Pick<Config, "model">, batch: number): AutoEncoderInputs<Spec> {
  return {
    batch: modelInputSpecs(model, batch),
    noise: groups(model).map(({ shape }) => spec([batch, ...shape])),
  };
}

/** The images of a portion, by index, with the noise of their first posterior sample. */
export function autoEncoderInputs(
  model: ModelConfig,
  images: Images<Pixels>,
  indices: readonly number[],
  seed: number,
): AutoEncoderInputs<Operand> {
  return { batch: modelInputs(model, images, indices, seed), noise: posteriorNoise(model, indices, seed) };
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

/** Some images, by index, uint8 [N, 3, R, R]. */
export function pixels(pictures: Images<Pixels>, indices: readonly number[]): Uint8Array {
  const size = 3 * pictures.resolution ** 2;
  const read = imageReader(pictures);
  const bytes = new Uint8Array(indices.length * size);
  indices.forEach((index, row) => {
    bytes.set(read(index), row * size);
  });
  return bytes;
}

/**
 * Checks that a model can encode images.
 *
 * @param name - of the set, for messages
 * @throws UserError when there are none, they are not what they say, their size is another one, or labels are missing or out
 *   of range
 */
export function checkModelImages(model: ModelConfig, pictures: Images<Pixels>, name?: string): void {
  checkImages(pictures, name);
  const { labels, count, resolution } = pictures;
  if (resolution !== model.resolution) {
    throw new UserError(
      "wrong-shape",
      `Expected images of ${model.resolution}×${model.resolution} pixels, as the model was made for, got ${resolution}×${resolution}.`,
    );
  }
  if (count === 0) throw new UserError("too-few-images", "Expected at least one image, got none.");
  if (model.classes === 0) return;
  if (labels?.length !== count) {
    throw new UserError(
      "wrong-shape",
      `Expected a label for each of ${count} images, since the model knows ${model.classes} classes, got ${labels?.length ?? 0}.`,
    );
  }
  const bad = labels.find((label) => label < 0 || label > model.classes);
  if (bad !== undefined) {
    throw new UserError(
      "out-of-range",
      `Expected labels from 0 to ${model.classes - 1} (${model.classes}: no label), got ${bad}.`,
    );
  }
}
