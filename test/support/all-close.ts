/** @file The matcher `toBeAllClose`: element-wise |actual − expected| ≤ atol + rtol · |expected|, over nested arrays. */
import { expect } from "vitest";

/** Limits of the comparison: relative and absolute. */
interface Tolerance {
  rtol?: number;
  atol?: number;
}

declare module "vitest" {
  interface Matchers<T> {
    toBeAllClose(expected: unknown, tolerance?: Tolerance): void;
  }
}

function flatten(values: unknown): number[] {
  if (typeof values === "number") return [values];
  if (ArrayBuffer.isView(values)) return Array.from(values as unknown as ArrayLike<number>);
  if (Array.isArray(values)) return values.flatMap(flatten);
  throw new TypeError(`toBeAllClose expects numbers, typed arrays or nested arrays of numbers, got ${typeof values}`);
}

expect.extend({
  toBeAllClose(received: unknown, expected: unknown, { rtol = 1e-5, atol = 1e-6 }: Tolerance = {}) {
    const [actual, wanted] = [flatten(received), flatten(expected)];
    if (actual.length !== wanted.length) {
      return { pass: false, message: () => `expected ${wanted.length} numbers, got ${actual.length}` };
    }
    let [worst, excess] = [0, -1];
    wanted.forEach((value, i) => {
      const over = Object.is(actual[i], value) ? 0 : Math.abs(actual[i] - value) / (atol + rtol * Math.abs(value));
      if (!(over <= excess)) [worst, excess] = [i, Number.isNaN(over) ? Number.POSITIVE_INFINITY : over];
    });
    const message = () =>
      `at flat index ${worst}: expected ${wanted[worst]}, got ${actual[worst]} (${excess} times rtol ${rtol}, atol ${atol})`;
    return { pass: excess <= 1, message };
  },
});
