/** @file Estimators beside SciPy's and scikit-learn's (`scripts/metric-fixtures.py`). */
import { expect, test } from "vitest";
import { readGolden } from "../../../test/support/golden.js";
import { bootstrapMean } from "./bootstrap.js";
import { energyDistance } from "./energy-distance.js";
import { nearestNeighbours } from "./nearest.js";

const WIDTH = 16;
const golden = readGolden("estimators.safetensors");
const numbers = (name: string) => golden(name).data as Float32Array;

test.each([
  ["x", "y", 0],
  ["x", "z", 1],
  ["y", "z", 2],
])("energy distance of %s and %s", async (a, b, place) => {
  const expected = numbers("energy")[place];
  expect(await energyDistance(numbers(a), numbers(b), WIDTH)).toBeCloseTo(expected, 5);
});

test("nearest neighbours", async () => {
  const { index, distance } = await nearestNeighbours(numbers("y"), numbers("x"), WIDTH);
  expect([...index]).toEqual([...golden("nearest").data]);
  const furthest = Math.max(...distance.map((value, row) => Math.abs(value - numbers("distances")[row])));
  expect(furthest).toBeLessThan(1e-5);
});

test("the interval of a mean, to the chance of 2,000 draws", () => {
  const [mean, low, high] = numbers("bootstrap");
  const found = bootstrapMean(Float64Array.from(numbers("values")));
  expect(found.mean).toBeCloseTo(mean, 5);
  const tenth = (high - low) / 10;
  expect(Math.abs(found.low - low)).toBeLessThan(tenth);
  expect(Math.abs(found.high - high)).toBeLessThan(tenth);
});
