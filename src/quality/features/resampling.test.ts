import { expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { averagedTo, bilinear } from "./resampling.js";

test("an image of the same size stays, one of twice the size is interpolated, borders repeat", () => {
  expect(bilinear(3, 3)).toBeAllClose([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  expect(bilinear(2, 4)).toBeAllClose([1, 0, 0.75, 0.25, 0.25, 0.75, 0, 1]);
});

test("where an image shrinks every pixel counts: the triangle is as wide as two new pixels", () => {
  // From 4 to 2: centres at 1 and 3, reach 2; pixel centres 0.5, 1.5, 2.5, 3.5.
  expect(bilinear(4, 2)).toBeAllClose([3 / 7, 3 / 7, 1 / 7, 0, 0, 1 / 7, 3 / 7, 3 / 7]);
});

test("a side that divides another gives means of squares", () => {
  const image = Float32Array.from({ length: 48 }, (_, i) => i); // three planes of 4 × 4
  expect([...averagedTo(image, 4, 2)]).toEqual(
    [0, 16, 32].flatMap((plane) => [2.5, 4.5, 10.5, 12.5].map((x) => x + plane)),
  );
  expect(averagedTo(image, 4, 4)).toBe(image);
});

test("parts of pixels count as parts", () => {
  const rows = Float32Array.of(0, 3, 6, 0, 3, 6, 0, 3, 6); // one plane of 3 × 3
  const [left, right] = averagedTo(rows, 3, 2);
  expect(left).toBeCloseTo((0 * 1 + 3 * 0.5) / 1.5);
  expect(right).toBeCloseTo((3 * 0.5 + 6 * 1) / 1.5);
  const enlarged = averagedTo(Float32Array.of(0, 4, 0, 4), 2, 4);
  expect([...enlarged.subarray(0, 4)]).toEqual([0, 0, 4, 4]);
});

test("what is of one colour stays so at every size", () => {
  const grey = new Float32Array(2 * 3 * 28 ** 2).fill(0.25);
  const deviations = averagedTo(grey, 28, 24).map((value) => Math.abs(value - 0.25));
  expect(Math.max(...deviations)).toBeLessThan(1e-6);
});
