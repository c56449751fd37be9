/** @file Features that need no network: the image itself, made small, so that a few hundred images tell its statistics. */
import type { Images } from "../../data/image-set.js";
import { pixelValue } from "../../io/pixels.js";
import { extractorOf, type Features, type OpenExtractor } from "./extractor.js";
import { averagedTo } from "./resampling.js";

const SIZE = 8;
const WIDTH = 3 * SIZE * SIZE;

/**
 * Means of the pixels over an 8×8 grid, [3, 8, 8] in [-1, 1]: 192 numbers. Pixels that a border of the grid crosses count on
 * both sides by their share.
 *
 * @throws Error, when extracting, for images smaller than 8×8
 */
export function openPixels(): OpenExtractor {
  return extractorOf({
    name: "pixels",
    identity: `pixels ${SIZE}x${SIZE}`,
    width: WIDTH,
    extract: async ({ images, count, resolution }: Images, signal?: AbortSignal): Promise<Features> => {
      if (resolution < SIZE)
        throw new Error(`expected images of at least ${SIZE}×${SIZE}, got ${resolution}×${resolution}`);
      const size = 3 * resolution ** 2;
      const pooled = new Float32Array(count * WIDTH);
      for (let image = 0; image < count; image++) {
        signal?.throwIfAborted();
        const bytes = Float32Array.from(images.subarray(image * size, (image + 1) * size));
        const means = averagedTo(bytes, resolution, SIZE);
        pooled.set(means.map(pixelValue), image * WIDTH);
      }
      return { pooled };
    },
    dispose: async () => {},
  });
}
