import { expect, test } from "vitest";
import { UserError } from "../../errors.js";
import { foldIn, keyFromSeed, normal } from "../../random/index.js";
import { compareEnergyDistances, type EnergyComparison, energyDistance } from "./energy-distance.js";

const WIDTH = 3;
const key = keyFromSeed(5);

/** Vectors about a mean, of a spread. */
const vectors = (stream: number, count: number, mean = 0, spread = 1) =>
  normal(foldIn(key, stream), count * WIDTH).map((value) => mean + spread * value);

/** Mean distance of all pairs, or of those of two different vectors of a set. */
function meanDistance(x: Float32Array, y: Float32Array): number {
  let [sum, pairs] = [0, 0];
  for (let i = 0; i < x.length; i += WIDTH) {
    for (let j = 0; j < y.length; j += WIDTH) {
      if (x === y && i === j) continue;
      sum += Math.hypot(x[i] - y[j], x[i + 1] - y[j + 1], x[i + 2] - y[j + 2]);
      pairs += 1;
    }
  }
  return sum / pairs;
}

test("the distance is that of all pairs, and the difference that of two distances", async () => {
  const [a, b, reference] = [vectors(1, 20, 0.5), vectors(2, 20, 0, 2), vectors(3, 13)];
  const distance = (x: Float32Array) =>
    2 * meanDistance(x, reference) - meanDistance(x, x) - meanDistance(reference, reference);
  expect(await energyDistance(a, reference, WIDTH)).toBeCloseTo(distance(a), 6);
  const { difference } = await compareEnergyDistances(a, b, reference, WIDTH);
  expect(difference).toBeCloseTo(distance(a) - distance(b), 6);
});

test("more vectors than a block holds", async () => {
  const [many, few] = [vectors(1, 1003), vectors(2, 4, 1)];
  const expected = 2 * meanDistance(many, few) - meanDistance(many, many) - meanDistance(few, few);
  expect(await energyDistance(many, few, WIDTH)).toBeCloseTo(expected, 6);
});

test("the standard error is the deviation over repetitions", async () => {
  const repeated: EnergyComparison[] = [];
  for (let repetition = 0; repetition < 30; repetition++) {
    const noise = vectors(1000 + repetition, 30);
    const worse = noise.map((value) => 0.3 + 1.2 * value);
    repeated.push(await compareEnergyDistances(noise, worse, vectors(2000 + repetition, 25), WIDTH));
  }
  const mean = repeated.reduce((sum, { difference }) => sum + difference, 0) / repeated.length;
  const squares = repeated.reduce((sum, { difference }) => sum + (difference - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / repeated.length);
  const told = Math.sqrt(repeated.reduce((sum, { standardError }) => sum + standardError ** 2, 0) / repeated.length);
  expect(mean).toBeLessThan(0);
  expect(told / deviation).toBeGreaterThan(0.7);
  expect(told / deviation).toBeLessThan(1.4);
});

test("the same noise makes a difference surer than noise of its own", async () => {
  const [a, reference] = [vectors(1, 40), vectors(3, 40)];
  const scaled = a.map((value) => 1.1 * value);
  const paired = await compareEnergyDistances(a, scaled, reference, WIDTH);
  const apart = await compareEnergyDistances(a, vectors(2, 40, 0, 1.1), reference, WIDTH);
  expect(paired.standardError).toBeLessThan(0.5 * apart.standardError);
  expect(await compareEnergyDistances(a, a, reference, WIDTH)).toEqual({ difference: 0, standardError: 0 });
});

test("sets that do not fit are refused", async () => {
  const [a, reference] = [vectors(1, 4), vectors(2, 4)];
  await expect(compareEnergyDistances(a, vectors(3, 5), reference, WIDTH)).rejects.toThrow("got 4 and 5");
  await expect(energyDistance(a, vectors(2, 1), WIDTH)).rejects.toThrow(UserError);
});
