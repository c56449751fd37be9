/** @file The Fréchet distance that endlessly many samples would have: FID∞. */
import { foldIn, permutation, streamKey } from "../../random/index.js";
import { frechetDistance } from "./frechet.js";
import { type Moments, momentsOf } from "./moments.js";
import type { MetricOptions } from "./vectors.js";

/** How {@link frechetLimit} draws its subsets. */
export interface FrechetLimitOptions extends MetricOptions {
  /** Of the subsets. Default 0. */
  seed?: number;
  /** Called with the distances that are done, of those to work out. */
  onProgress?: (done: number, count: number) => void;
}

/** Numbers of samples that the line goes through, as in the authors' program. */
const SIZES = 15;
/** The least of them, as a share of all samples. */
const LEAST = 0.1;

/**
 * The Fréchet distance extrapolated to infinitely many samples (Chong and Forsyth 2020, *Effectively Unbiased FID*, eq. 9). The bias
 * of the distance of n samples is close to b / n, so a line is drawn through the distances of 15 random subsets, of a tenth of the
 * samples to all of them, over 1 / n:
 *
 *     FIDₙ ≈ FID∞ + b / n
 *
 * The bias from the reference's own number of images stays. May be negative where the distance is small beside its noise.
 *
 * @param rows - features of the samples, [N, width]
 * @param reference - moments of what they are compared with
 * @throws UserError as {@link frechetDistance} does; the signal's reason when aborted
 */
export async function frechetLimit(
  rows: Float32Array,
  width: number,
  reference: Moments,
  { seed = 0, onProgress, ...options }: FrechetLimitOptions = {},
): Promise<number> {
  const count = rows.length / width;
  const key = streamKey(seed, "frechetLimit");
  const points: { x: number; y: number }[] = [];
  for (let place = 0; place < SIZES; place++) {
    options.signal?.throwIfAborted();
    const size = Math.max(2, Math.round(count * (LEAST + ((1 - LEAST) * place) / (SIZES - 1))));
    const subset = new Float32Array(size * width);
    permutation(foldIn(key, place), count)
      .subarray(0, size)
      .forEach((row, index) => {
        subset.set(rows.subarray(row * width, (row + 1) * width), index * width);
      });
    const moments = await momentsOf(subset, width, options);
    points.push({ x: 1 / size, y: await frechetDistance(moments, reference, options) });
    onProgress?.(place + 1, SIZES);
  }
  return interceptOf(points);
}

/** Where the line of least squares through points meets x = 0. */
function interceptOf(points: readonly { x: number; y: number }[]): number {
  const mean = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const slope = mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2);
  return y - slope * x;
}
