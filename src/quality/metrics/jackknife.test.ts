import { expect, test } from "vitest";
import { normal } from "../../random/index.js";
import { bootstrapMean } from "./bootstrap.js";
import { divideRows, JACKKNIFE_GROUPS, jackknifeError, jackknifeInterval } from "./jackknife.js";

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

test("of a mean of equal parts, the error is that of the mean of the parts' means", () => {
  const values = normal([1, 2], 200);
  const parts = Array.from({ length: JACKKNIFE_GROUPS }, (_, part) => divideRows(values, 1, part));
  const means = parts.map(({ part }) => mean(part));
  const deviation = Math.sqrt(mean(means.map((value) => (value - mean(means)) ** 2)) * (10 / 9));
  expect(jackknifeError(parts.map(({ rest }) => mean(rest)))).toBeCloseTo(deviation / Math.sqrt(10), 6);
});

test("every row is left out once, and rows stay whole", () => {
  const rows = Float32Array.from({ length: 2 * 23 }, (_, place) => place);
  const parts = Array.from({ length: JACKKNIFE_GROUPS }, (_, part) => divideRows(rows, 2, part));
  expect(parts.flatMap(({ part }) => [...part]).toSorted((a, b) => a - b)).toEqual([...rows]);
  for (const { rest, part } of parts) {
    expect(rest.length + part.length).toBe(rows.length);
    for (let at = 0; at < rest.length; at += 2) expect(rest[at + 1]).toBe(rest[at] + 1);
  }
  expect([...parts[3].part]).toEqual([6, 7, 26, 27]);
});

test("the interval is Student's, with nine degrees of freedom", () => {
  const { low, high } = jackknifeInterval(5, 1);
  expect([low, high].map((value) => Number(value.toFixed(3)))).toEqual([2.738, 7.262]); // t(0.975; 9) = 2.262 in every table
});

test("intervals of a mean hold it as often as they say, and are the normal ones for many values", () => {
  const covered = Array.from({ length: 100 }, (_, trial) => {
    const { low, high } = bootstrapMean(Float64Array.from(normal([7, trial], 40)), trial);
    return low <= 0 && 0 <= high;
  });
  const share = covered.filter(Boolean).length / covered.length;
  expect(share).toBeGreaterThan(0.88);
  expect(share).toBeLessThan(0.99);
  const values = Float64Array.from(normal([9, 9], 2000), (value) => 3 + 2 * value);
  const interval = bootstrapMean(values);
  expect(interval.mean).toBeCloseTo(mean(values), 12);
  expect((interval.high - interval.low) / 2).toBeCloseTo((1.96 * 2) / Math.sqrt(2000), 2);
  expect(bootstrapMean(values)).toEqual(interval);
});

test("values that are all alike leave no doubt", () => {
  expect(bootstrapMean(Float64Array.of(4, 4, 4))).toEqual({ mean: 4, low: 4, high: 4 });
});
