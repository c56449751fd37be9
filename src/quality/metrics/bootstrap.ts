/** @file How sure a mean over images is, by drawing images again and again. */
import { foldIn, streamKey, uniform } from "../../random/index.js";
import type { Interval } from "./jackknife.js";

/** A mean, and the 95 % interval round it. */
export interface IntervalOfMean extends Interval {
  mean: number;
}

/** How often as many images are drawn. */
const RESAMPLES = 2000;
const TAIL = 0.025;

/**
 * The 95 % percentile interval of a mean (Efron 1979; Efron and Tibshirani 1993, §13.3): as many values are drawn with replacement,
 * 2,000 times, and the middle 95 % of their means are kept. For a paired comparison the values are differences, one an image.
 *
 * @param values - [N], at least one
 * @param seed - the same seed, the same interval
 */
export function bootstrapMean(values: Float64Array, seed = 0): IntervalOfMean {
  const key = streamKey(seed, "bootstrap");
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const means = new Float64Array(RESAMPLES);
  for (let resample = 0; resample < RESAMPLES; resample++) {
    let sum = 0;
    for (const place of uniform(foldIn(key, resample), count)) sum += values[Math.floor(place * count)];
    means[resample] = sum / count;
  }
  means.sort();
  const at = (share: number) => means[Math.round(share * (RESAMPLES - 1))];
  return { mean, low: at(TAIL), high: at(1 - TAIL) };
}
