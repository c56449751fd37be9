/** @file What a model needs of images to encode them: pixels, labels, and, to enlarge, their small versions. */
import type { ModelConfig } from "../../config/index.js";
import { checkImages } from "../../data/check-images.js";
import { type ImageSet, imageReader } from "../../data/image-set.js";
import { type Spec, spec } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { normalNoise, stream } from "../../latents/noise.js";
import { rows } from "../batches.js";
import { fromBytes, type Pictures } from "../pictures.js";
import { addNoise, areaDownsample } from "./low-resolution.js";

/** One batch of N images. */
export interface EncoderInputs<T> {
  /** [N, 3, R, R] in [-1, 1]. */
  images: T;
  /** int32 [N], in models with classes. */
  labels?: T;
  /** [N, 3, r, r] with its noise, in super-resolution models. */
  lowResolution?: T;
}

export function encoderInputSpecs(
  { resolution, classes, levels, superResolution }: ModelConfig,
  n: number,
): EncoderInputs<Spec> {
  const low = levels[0].resolution;
  return {
    images: spec([n, 3, resolution, resolution]),
    ...(classes > 0 ? { labels: spec([n], "int32") } : {}),
    ...(superResolution ? { lowResolution: spec([n, 3, low, low]) } : {}),
  };
}

/** Images with their labels; a `MemorySet` is one. */
export interface LabelledPictures extends Pictures {
  /** [count]; absent or empty when the images have none. */
  labels?: Int32Array;
}

/** Images with their labels, in memory or in a packed file that is read as they are needed; an `ImageSet` is one. */
export interface LabelledImages extends Pick<ImageSet, "images" | "count" | "resolution"> {
  /** [count]; absent or empty when the images have none. */
  labels?: Int32Array;
}

/**
 * The images of a portion as a model takes them. Noise on small images is keyed by seed and image index.
 *
 * @param indices - of the N images
 */
export function encoderInputs(
  model: ModelConfig,
  pictures: LabelledImages,
  indices: readonly number[],
  seed: number,
): EncoderInputs<Float32Array | Int32Array> {
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

/** Some images, by index, uint8 [N, 3, R, R]. */
export function pixels(pictures: LabelledImages, indices: readonly number[]): Uint8Array {
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
export function checkPictures(model: ModelConfig, pictures: LabelledImages, name?: string): void {
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
