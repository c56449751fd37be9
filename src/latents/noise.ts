/** @file Noise as an input: every number is named by seed, stream, batch, image and latent group, and by nothing else. */
import { fillNormal, foldIn, type Key, type StreamName, streamKey, uniform } from "../random/index.js";

/** The key of a stream, and of one batch within it where the stream has batches. */
export function stream(seed: number, name: StreamName, batch = 0): Key {
  return foldIn(streamKey(seed, name), batch);
}

/**
 * Standard normal noise for some images of a stream. An image's noise depends on its index alone, not on what it is batched with.
 *
 * @param images - indices of the N images
 * @param shapes - shape of each array for one image: those of the latent groups
 * @returns for every shape [N, …shape]
 */
export function normalNoise(
  key: Key,
  images: readonly number[],
  shapes: readonly (readonly number[])[],
): Float32Array[] {
  const keys = images.map((image) => foldIn(key, image));
  return shapes.map((shape, group) => {
    const size = shape.reduce((product, n) => product * n, 1);
    const noise = new Float32Array(images.length * size);
    keys.forEach((imageKey, row) => {
      fillNormal(foldIn(imageKey, group), noise.subarray(row * size, (row + 1) * size));
    });
    return noise;
  });
}

/** Noise of the latents of N images: one [N, Z, r, r] a group, group 0 first; or the images' keys, by which a device draws it. */
export type LatentNoise<T> = T[] | { imageKeys: T };

/** The keys that `normalNoise` folds the numbers of shapes into, int32 [N, 2]. */
export const noiseKeys = (key: Key, images: readonly number[]): Int32Array<ArrayBuffer> =>
  Int32Array.from(images.flatMap((image) => [...foldIn(key, image)]));

/** Uniform numbers in (0, 1) for some images of a stream, [N, size]; keyed as `normalNoise`. */
export function uniformNoise(key: Key, images: readonly number[], size: number): Float32Array {
  const noise = new Float32Array(images.length * size);
  images.forEach((image, row) => {
    noise.set(uniform(foldIn(key, image), size), row * size);
  });
  return noise;
}

/** Multiplies by a factor in place: a temperature on noise. */
export function scale(values: Float32Array, factor: number): void {
  if (factor === 1) return;
  for (let i = 0; i < values.length; i++) values[i] *= factor;
}
