/** @file Sets of vectors: float32 rows of one width, laid end to end. */

import { defaultRuntime, type Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import type { ExecutionOptions } from "../../inference/execution-options.js";

/** How many vectors of `width` numbers there are. Throws a RangeError unless they fill whole rows. */
export function countOf(rows: Float32Array, width: number): number {
  const count = rows.length / width;
  if (!Number.isInteger(count)) {
    throw new RangeError(
      `Expected rows of ${width} numbers, got ${rows.length} numbers, which are no whole number of rows.`,
    );
  }
  return count;
}

/** Throws a UserError naming the first vector that is not finite. */
export function checkFinite(rows: Float32Array, width: number): void {
  const found = rows.findIndex((number) => !Number.isFinite(number));
  if (found === -1) return;
  const [vector, place] = [Math.floor(found / width), found % width];
  throw new UserError(
    "invalid-values",
    `Expected finite features, got ${rows[found]} at place ${place} of vector ${vector}. ` +
      "Look at that picture, and at what computes its features.",
  );
}

/** Throws a UserError unless there are at least so many vectors; `what` says of which set and for what. */
export function expectAtLeast(least: number, count: number, what: string): void {
  if (count < least)
    throw new UserError(
      "too-few-images",
      `${what}: expected at least ${least} vectors, got ${count}. Take more pictures.`,
    );
}

/** Rows `first` to `first + size` in an array of their own, zeros after the last; never a view, whose whole buffer would be sent. */
export function block(rows: Float32Array, width: number, first: number, size: number): Float32Array<ArrayBuffer> {
  const copy = new Float32Array(size * width);
  copy.set(rows.subarray(first * width, (first + size) * width));
  return copy;
}

/** Population mean and standard deviation of a few numbers. */
export function meanAndDeviation(values: readonly number[]): { mean: number; standardDeviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, standardDeviation: Math.sqrt(variance) };
}

/** Where numbers are worked out, and what ends the work early. */
export interface MetricOptions extends ExecutionOptions {
  /** Default: the one that the process shares, which also stands in for any that is not on the CPU. */
  runtime?: Runtime;
}

/** The runtime itself where it computes on the CPU, else the one that the process shares. */
export const onCpu = (runtime?: Runtime): Runtime => (runtime?.device === "cpu" ? runtime : defaultRuntime());
