/** @file What probes are given, and what they find: how often they are right, with its interval. */
import type { Interval } from "../metrics/jackknife.js";

/** Labels of vectors in the order of their kernel: those that a probe learns from, to choose by, to test by. */
export interface ProbeData {
  labels: Int32Array;
  classes: number;
  /** Vectors to choose by, which follow the known ones. */
  chosen: number;
}

/** How often a probe was right, of the vectors to test by. */
export interface ProbeResult extends Interval {
  accuracy: number;
  /** 1 for each that it was right of, else 0. */
  right: Float64Array;
}

/** 97.5 % quantile of the standard normal distribution. */
const NORMAL = 1.959964;

/**
 * The 95 % score interval of a share (Wilson 1927; Brown, Cai and DasGupta 2001 recommend it): the shares p that
 * |p̂ − p| ≤ z √(p (1 − p) / n) holds of,
 *
 *     (p̂ + z²/2n ± z √(p̂ (1 − p̂) / n + z²/4n²)) / (1 + z²/n)
 *
 * @param share - p̂, of n
 */
export function wilsonInterval(share: number, n: number): Interval {
  const square = NORMAL ** 2 / n;
  const middle = share + square / 2;
  const reach = NORMAL * Math.sqrt((share * (1 - share)) / n + square / (4 * n));
  return { low: Math.max(0, (middle - reach) / (1 + square)), high: Math.min(1, (middle + reach) / (1 + square)) };
}

/** How often what was told is what is true. */
export function rightAnswers(told: Int32Array, labels: Int32Array): ProbeResult {
  const right = Float64Array.from(told, (label, row) => (label === labels[row] ? 1 : 0));
  const accuracy = right.reduce((sum, value) => sum + value, 0) / right.length;
  return { accuracy, ...wilsonInterval(accuracy, right.length), right };
}
