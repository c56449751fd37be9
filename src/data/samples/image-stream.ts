/** @file Images that arrive in parts, so that no more than a part of them need be in memory at once. */
import type { Images } from "../image-set.js";

/** So many images of one size, a part at a time. */
export interface ImageStream<Part extends Images = Images> {
  count: number;
  resolution: number;
  /** All of them in order. What is read from a file is read again whenever this is iterated. */
  parts: AsyncIterable<Part>;
}

/** How the images of a file are read. */
export interface PartOptions {
  /** Images in a part, or fewer where those had more than 64 MB. Default 256. */
  partSize?: number;
  signal?: AbortSignal;
}

/** Bytes of a part's images at most: their features need several times as much. */
const LARGEST_PART = 2 ** 26;

/**
 * Parts of `partSize` images, or of fewer where these had more than 64 MB; the last has what is left.
 *
 * @param images - uint8 [3, R, R] each, copied
 */
export async function* inParts(
  images: AsyncIterable<Uint8Array>,
  { resolution, partSize = 256 }: { resolution: number; partSize?: number },
): AsyncGenerator<Images> {
  const imageBytes = 3 * resolution ** 2;
  const most = Math.max(Math.min(partSize, Math.floor(LARGEST_PART / imageBytes)), 1);
  let part = new Uint8Array(most * imageBytes);
  let count = 0;
  for await (const image of images) {
    part.set(image, count++ * imageBytes);
    if (count < most) continue;
    yield { images: part, count, resolution };
    part = new Uint8Array(most * imageBytes);
    count = 0;
  }
  if (count > 0) yield { images: part.subarray(0, count * imageBytes), count, resolution };
}

/** What can be iterated any number of times. */
export const rereadable = <T>(iterate: () => AsyncIterator<T>): AsyncIterable<T> => ({
  [Symbol.asyncIterator]: iterate,
});
