import { expect, test } from "vitest";
import { robustRange, smooth, thin } from "./series.js";

const curve = (values: number[]) => values.map((y, x) => ({ x, y }));

test("short curves are left alone, long ones averaged to 400 points", () => {
  const short = curve([1, 2, 3]);
  expect(thin(short)).toBe(short);
  const long = thin(curve(Array.from({ length: 4000 }, (_, i) => i)));
  expect(long).toHaveLength(400);
  expect(long[0]).toEqual({ x: 4.5, y: 4.5 });
  expect(long[399]).toEqual({ x: 3994.5, y: 3994.5 });
});

test("a NaN does not spoil its neighbours, a run of them leaves a gap", () => {
  const values = Array.from({ length: 4000 }, (_, i) => (i === 5 || (i >= 20 && i < 30) ? Number.NaN : 1));
  const thinned = thin(curve(values));
  expect(thinned[0].y).toBe(1);
  expect(thinned[2].y).toBeNaN();
});

test("the running median ignores a spike and keeps a gap", () => {
  const smoothed = smooth(curve([1, 1, 1000, 1, 1, Number.NaN, 1]));
  expect(smoothed.map(({ y }) => y)).toEqual([1, 1, 1, 1, 1, Number.NaN, 1]);
});

test("the range leaves out spikes, NaN and infinities, and keeps an ordinary beginning", () => {
  const values = Array.from({ length: 100 }, (_, i) => 4 + 6 * Math.exp(-i / 20));
  const spiky = [...values.slice(0, 50), 1e9, Number.NaN, Number.POSITIVE_INFINITY, -1e9, ...values.slice(50)];
  expect(robustRange(curve(spiky))).toEqual([values[99], 10]);
  expect(robustRange(curve(Array<number>(50).fill(2)))).toEqual([2, 2]);
});

test("of a few points none is a spike; without finite values there is no range", () => {
  expect(robustRange(curve([1, 5, 100]))).toEqual([1, 100]);
  expect(robustRange(curve([Number.NaN]))).toBeUndefined();
});
