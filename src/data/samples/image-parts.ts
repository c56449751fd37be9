/** @file Images one after another, put together so that many can be worked on at once. */

/** Images in consecutive parts; structurally the pictures of generation. */
export interface ImagePart {
  /** uint8 [count, 3, R, R] */
  images: Uint8Array;
  count: number;
  resolution: number;
}

/** Square images of one size in a file or folder: nothing is resized, since that would be measured too. */
export interface SampleFile {
  path: string;
  count: number;
  resolution: number;
  /**
   * All images in order, `size` at a time, or fewer where that is much memory; each call reads them again.
   *
   * @throws UserError for a file that cannot be read, or is of another size
   */
  parts(size: number, signal?: AbortSignal): AsyncIterable<ImagePart>;
}

/** Bytes of a part's images at most: their features need several times as much. */
const LARGEST_PART = 2 ** 26;

/**
 * Parts of `size` images, or of fewer where these had more than 64 MB; the last has what is left.
 *
 * @param images - uint8 [3, R, R] each, copied
 */
export async function* inParts(
  images: AsyncIterable<Uint8Array>,
  { resolution, size }: { resolution: number; size: number },
): AsyncGenerator<ImagePart> {
  const imageBytes = 3 * resolution ** 2;
  const most = Math.max(Math.min(size, Math.floor(LARGEST_PART / imageBytes)), 1);
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
