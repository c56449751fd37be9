import { expect, test } from "vitest";
import { transpose } from "./tensor.js";

test("a kernel of height 1, width 2, two inputs and three outputs, outputs first", () => {
  // HWIO: element w·6 + i·3 + o
  const kernel = Float32Array.from({ length: 12 }, (_, index) => index);
  expect([...transpose(kernel, [1, 2, 2, 3], [3, 2, 0, 1])]).toEqual([0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11]);
});

test("every element is where NumPy would put it, for every order of three axes", () => {
  const shape = [2, 3, 4];
  const data = Int32Array.from({ length: 24 }, (_, index) => index);
  for (const axes of [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ]) {
    const result = transpose(data, shape, axes);
    const sizes = axes.map((axis) => shape[axis]);
    const place = [0, 0, 0];
    for (let at = 0; at < 24; at++) {
      const index = [Math.floor(at / (sizes[1] * sizes[2])), Math.floor(at / sizes[2]) % sizes[1], at % sizes[2]];
      axes.forEach((axis, k) => {
        place[axis] = index[k];
      });
      expect(result[at], `${axes}`).toBe((place[0] * 3 + place[1]) * 4 + place[2]);
    }
  }
});

test("bigints, scalars, empty arrays; the array given stays as it was", () => {
  const pair = BigInt64Array.of(1n, 2n, 3n, 4n);
  expect([...transpose(pair, [2, 2], [1, 0])]).toEqual([1n, 3n, 2n, 4n]);
  expect([...pair]).toEqual([1n, 2n, 3n, 4n]);
  expect([...transpose(Float32Array.of(7), [], [])]).toEqual([7]);
  expect([...transpose(new Float32Array(), [0, 3], [1, 0])]).toEqual([]);
});
