import { expect, test } from "vitest";
import { addNoise, areaDownsample } from "./low-resolution.js";

test("every pixel is the mean of its square, each channel by itself", () => {
  const plane = [1, 3, 0, 0, 5, 7, 0, 0, -1, -1, 2, 2, -1, -1, 2, 6];
  const images = Float32Array.from([plane, plane.map((x) => 8 - x), plane.map(() => 1)].flat()); // [1, 3, 4, 4]
  expect([...areaDownsample(images, 4, 2)]).toEqual([4, 0, -1, 3, 4, 8, 9, 5, 1, 1, 1, 1]);
  expect([...areaDownsample(images, 4, 4)]).toEqual([...images]);
});

test("a side that does not divide is refused", () => {
  expect(() => areaDownsample(new Float32Array(3 * 16), 4, 3)).toThrow("expected a side that divides 4, got 3");
});

test("noise is added with the deviation given", () => {
  expect([...addNoise(Float32Array.of(1, 2), Float32Array.of(4, -8), 0.25)]).toEqual([2, 0]);
});
