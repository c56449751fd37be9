/** @file Features that need no network: the image itself, made small, so that a few hundred images tell its statistics. */
import type { Pictures } from "../generation/pictures.js";
import type { FeatureExtractor, Features } from "./extractor.js";

const SIZE = 8;
const WIDTH = 3 * SIZE * SIZE;

/**
 * Means of the pixels over an 8×8 grid, [3, 8, 8] in [-1, 1]: 192 numbers. Pixels that a border of the grid crosses count on
 * both sides by their share.
 *
 * @throws Error, when extracting, for images smaller than 8×8
 */
export function openPixels(): FeatureExtractor {
  return {
    name: "pixels",
    identity: `pixels ${SIZE}x${SIZE}`,
    width: WIDTH,
    extract: async ({ images, count, resolution }: Pictures, signal?: AbortSignal): Promise<Features> => {
      if (resolution < SIZE)
        throw new Error(`expected images of at least ${SIZE}×${SIZE}, got ${resolution}×${resolution}`);
      const shares = gridShares(resolution);
      const pooled = new Float32Array(count * WIDTH);
      for (let plane = 0; plane < 3 * count; plane++) {
        if (plane % 3000 === 0) signal?.throwIfAborted();
        const pixels = images.subarray(plane * resolution ** 2, (plane + 1) * resolution ** 2);
        averagePlane(pixels, resolution, shares, pooled.subarray(plane * SIZE * SIZE, (plane + 1) * SIZE * SIZE));
      }
      return { pooled };
    },
    dispose: async () => {},
  };
}

/** One pixel's part in a cell of the grid, along one axis. */
interface Share {
  pixel: number;
  cell: number;
  /** Of the cell; those of a cell sum to 1. */
  part: number;
}

function gridShares(resolution: number): Share[] {
  const length = resolution / SIZE; // of a cell, in pixels
  return Array.from({ length: SIZE }, (_, cell) => {
    const [start, end] = [cell * length, (cell + 1) * length];
    const first = Math.floor(start);
    return Array.from({ length: Math.ceil(end) - first }, (_, index): Share => {
      const pixel = first + index;
      return { pixel, cell, part: (Math.min(end, pixel + 1) - Math.max(start, pixel)) / length };
    });
  }).flat();
}

function averagePlane(pixels: Uint8Array, resolution: number, shares: readonly Share[], into: Float32Array): void {
  const rows = new Float64Array(resolution * SIZE); // every line made short
  for (let y = 0; y < resolution; y++) {
    for (const { pixel, cell, part } of shares) rows[y * SIZE + cell] += part * pixels[y * resolution + pixel];
  }
  const means = new Float64Array(SIZE * SIZE);
  for (const { pixel, cell, part } of shares) {
    for (let x = 0; x < SIZE; x++) means[cell * SIZE + x] += part * rows[pixel * SIZE + x];
  }
  into.set(means.map((mean) => mean / 127.5 - 1));
}
