/** @file Images through a program of a fixed batch size, whose results are put together. */
import type { Images } from "../../data/image-set.js";
import type { TypedArray } from "../../engine/index.js";
import { portions } from "../../inference/batches.js";

/**
 * Results of all images, in order; the last batch is filled up with black ones.
 *
 * @param widths - how many numbers of each kind an image gives
 * @param run - takes the bytes [batch, 3, R, R] of images, borrowed, and gives [batch, width] of each kind
 * @throws Error when the images are of another resolution
 * @throws the signal's reason when aborted
 */
export async function inBatches<Kind extends string>(
  { images, count, resolution }: Images,
  expected: { resolution: number; batch: number; widths: Record<Kind, number>; signal?: AbortSignal },
  run: (images: Uint8Array) => Promise<Record<Kind, TypedArray>>,
): Promise<Record<Kind, Float32Array>> {
  const { batch, widths, signal } = expected;
  if (resolution !== expected.resolution) {
    throw new Error(
      `expected images of ${expected.resolution}×${expected.resolution}, got ${resolution}×${resolution}`,
    );
  }
  const size = 3 * resolution ** 2;
  const kinds = Object.keys(widths) as Kind[];
  const results = Object.fromEntries(kinds.map((kind) => [kind, new Float32Array(count * widths[kind])]));
  const filled = new Uint8Array(batch * size);
  for (const { first, used } of portions(count, batch, { signal })) {
    filled.fill(0, used * size);
    filled.set(images.subarray(first * size, (first + used) * size));
    const found = await run(filled);
    for (const kind of kinds) {
      const width = widths[kind];
      results[kind].set(found[kind].subarray(0, used * width), first * width);
    }
  }
  signal?.throwIfAborted();
  return results as Record<Kind, Float32Array>;
}
