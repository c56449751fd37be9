import { expect, test } from "vitest";
import { classifierSide, shift, shifted, turned } from "./examples.js";

const image = Float32Array.from({ length: 12 }, (_, i) => i); // three planes of 2 × 2

test("an image moved down and right repeats its border", () => {
  expect([...shift(image, 2, 1, 0)]).toEqual([0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9]);
  expect([...shift(image, 2, 0, -1)]).toEqual([1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11, 11]);
});

test("a quarter of a turn brings the right edge to the top, and four are none", () => {
  expect([...turned(image, 2, 1)]).toEqual([1, 3, 0, 2, 5, 7, 4, 6, 9, 11, 8, 10]);
  expect([...turned(image, 2, 0)]).toEqual([...image]);
  const large = Float32Array.from({ length: 75 }, (_, i) => i); // 5 × 5
  const twice = turned(turned(large, 5, 1), 5, 1);
  expect([...turned(large, 5, 2)]).toEqual([...twice]);
  expect([...turned(large, 5, 3)]).toEqual([...turned(twice, 5, 1)]);
  expect([...turned(turned(large, 5, 3), 5, 1)]).toEqual([...large]);
});

test("shifts of a batch repeat, differ between batches, and reach an eighth of small images", () => {
  const side = 8;
  const ramp = Float32Array.from({ length: 20 * 3 * side ** 2 }, (_, place) => place % side);
  const moved = shifted(ramp, side, 1, 5);
  expect(moved).toEqual(shifted(ramp, side, 1, 5));
  expect(moved).not.toEqual(shifted(ramp, side, 1, 6));
  const reaches = new Set(moved.map((value, place) => (place % side === 3 ? value - 3 : 0)));
  expect([...reaches].sort()).toEqual([-1, 0, 1]);
});

test("the classifier sees the next multiple of 8 below, from 8 to 64", () => {
  expect([4, 8, 15, 16, 28, 32, 64, 100, 256].map(classifierSide)).toEqual([8, 8, 8, 16, 24, 32, 64, 64, 64]);
});
