/** @file How far a Fréchet distance of few images is from 0 where the truth is 0. */

import type { ExecutionOptions } from "../inference/execution-options.js";
import { formatCount } from "../number-format.js";
import { permutation, streamKey } from "../random/index.js";
import type { FeatureSet } from "./feature-set.js";
import { frechetDistance } from "./metrics/frechet.js";
import { type Moments, momentsOf } from "./metrics/moments.js";

/** Fewer samples than this make a distance that says more about their number than about them. */
const FEW = 10_000;

/** What is said of a distance that so many samples have from so many images of a reference, where either are few. */
export const fewWarning = (distance: string, samples: number, reference: number): string | undefined =>
  Math.min(samples, reference) < FEW
    ? `with fewer than ${formatCount(FEW)} ${samples < FEW ? "samples" : "images of reference"} the ${distance} is biased upwards`
    : undefined;

/**
 * The Fréchet distance of a random part of the reference from the rest of it: roughly what as many samples would get, were they
 * as good as the reference itself. Not quite: samples are compared with all N images of the reference, the part of n with only
 * N − n. The distance's bias is about proportional to 1/n + 1/N, so that this comes out larger by a factor of about
 * N² / (N² − n²), at most 4/3. Where the moments are a file's, of nobody knows how many images, the part may be among them: then
 * it comes out smaller.
 *
 * @param size - images of the part
 * @returns undefined where the reference has not so many single images, or the rest would be smaller than the part
 */
export async function distanceOfPart(
  { moments, rows, rowCount }: FeatureSet,
  size: number,
  seed: number,
  { runtime, signal }: ExecutionOptions = {},
): Promise<number | undefined> {
  if (size > rowCount || size < 2 || moments.count - size < size) return undefined;
  const width = moments.mean.length;
  const chosen = permutation(streamKey(seed, "referencePart"), rowCount).subarray(0, size);
  const part = new Float32Array(size * width);
  chosen.forEach((row, place) => {
    part.set(rows.subarray(row * width, (row + 1) * width), place * width);
  });
  const own = await momentsOf(part, width, { runtime });
  signal?.throwIfAborted();
  return frechetDistance(own, withoutPart(moments, own), { runtime, signal });
}

/**
 * Moments of what is left of a set (itself, where it is told to be infinite) without a part of it. With scatter matrices S = (n − 1) C of all, part p and rest r:
 *
 *     S = S_p + S_r + (n_p n_r / n) (m_p − m_r)(m_p − m_r)ᵀ
 */
export function withoutPart(all: Moments, part: Moments): Moments {
  if (all.count === Number.POSITIVE_INFINITY) return all;
  const count = all.count - part.count;
  const width = all.mean.length;
  const mean = all.mean.map((value, i) => (all.count * value - part.count * part.mean[i]) / count);
  const difference = mean.map((value, i) => part.mean[i] - value);
  const between = (part.count * count) / all.count;
  const covariance = all.covariance.map((value, place) => {
    const [i, j] = [Math.floor(place / width), place % width];
    const scatter = (all.count - 1) * value - (part.count - 1) * part.covariance[place];
    return (scatter - between * difference[i] * difference[j]) / (count - 1);
  });
  return { count, mean, covariance };
}
