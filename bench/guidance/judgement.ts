/** @file What a trained classifier makes of pictures: how many look like their label, and whether they differ. */

import type { Features } from "../../src/quality/features/extractor.js";
import { likeliest } from "../../src/quality/metrics/accuracy.js";

/** What is made of pictures. */
export interface Judgement {
  /** The likeliest class of each, [count]. */
  classes: Int32Array;
  /** Features of length 1, [count, width]. */
  features: Float32Array[];
}

/** What a classifier's answers amount to. */
export function judgementOf(
  { pooled, logits }: Required<Pick<Features, "pooled" | "logits">>,
  count: number,
): Judgement {
  const rowOf = (values: Float32Array, row: number) => {
    const width = values.length / count;
    return values.slice(row * width, (row + 1) * width);
  };
  return {
    classes: Int32Array.from({ length: count }, (_, row) => likeliest(rowOf(logits, row))),
    features: Array.from({ length: count }, (_, row) => unit(rowOf(pooled, row))),
  };
}

function unit(values: Float32Array): Float32Array {
  const length = Math.hypot(...values) || 1;
  return values.map((value) => value / length);
}

/**
 * How far `right` of `count` may be from the truth: the interval of Wilson (1927) at 95 %.
 *
 * @returns shares from 0 to 1
 */
export function interval(right: number, count: number): [low: number, high: number] {
  const z = 1.96;
  const share = right / count;
  const middle = share + z ** 2 / (2 * count);
  const reach = z * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  const scale = 1 + z ** 2 / count;
  return [(middle - reach) / scale, (middle + reach) / scale];
}

/** Mean Euclidean distance of all pairs. */
export function meanDistance(features: readonly Float32Array[]): number {
  let sum = 0;
  for (let i = 0; i < features.length; i++) {
    for (let j = 0; j < i; j++) sum += distance(features[i], features[j]);
  }
  return sum / ((features.length * (features.length - 1)) / 2);
}

/** How many of the `references` are the nearest to at least one of `features`. */
export function distinctNearest(features: readonly Float32Array[], references: readonly Float32Array[]): number {
  const nearest = features.map((own) => {
    const distances = references.map((reference) => distance(own, reference));
    return distances.indexOf(Math.min(...distances));
  });
  return new Set(nearest).size;
}

function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum);
}
