import { grad, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../test/support/all-close.js";
import { readGoldenJson } from "../../test/support/golden.js";
import { sigmoid, softplus, swish } from "./activations.js";
import { draw, smoothVariance } from "./latent.js";

const points = [-80, -30, -10, -3, -1, -0.25, 0, 0.25, 1, 3, 10, 30, 100, 200];
const logistic = (x: number) => 1 / (1 + Math.exp(-x));

test.each([
  ["sigmoid", sigmoid, logistic, (x: number) => logistic(x) * logistic(-x)],
  ["swish", swish, (x: number) => x * logistic(x), (x: number) => logistic(x) * (1 + x * logistic(-x))],
  ["softplus", softplus, (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), logistic],
])("%s and its slope, in both tails", (_, fn, value, slope) => {
  expect(fn(np.array(points)).js()).toBeAllClose(points.map(value), { rtol: 2e-6, atol: 1e-30 });
  const gradient = grad((x: np.Array) => fn(x).sum())(np.array(points));
  expect(gradient.js()).toBeAllClose(points.map(slope), { rtol: 2e-6, atol: 1e-12 });
});

test.each([
  ["sigmoid", sigmoid],
  ["swish", swish],
  ["softplus", softplus],
])("%s stays finite for every finite input", (_, fn) => {
  const extremes = [-3e38, -1e6, -1000, -89, 89, 1000, 1e6];
  expect((fn(np.array(extremes)).js() as number[]).every(Number.isFinite)).toBe(true);
  const gradient = grad((x: np.Array) => fn(x).sum())(np.array(extremes)).js() as number[];
  expect(gradient.every(Number.isFinite)).toBe(true);
});

test("smoothed variance and its slope equal the golden ones where float32 reaches", () => {
  const golden = readGoldenJson("schedule.json").smoothed_variance;
  const keep = golden.x.map((x: number) => x >= -100);
  const pick = (values: number[]) => values.filter((_, i) => keep[i]);
  const x = pick(golden.x);
  expect(smoothVariance(np.array(x)).js()).toBeAllClose(pick(golden.value_stable_float64), { rtol: 2e-6, atol: 0 });
  const slope = grad((raw: np.Array) => smoothVariance(raw).sum())(np.array(x)).js();
  expect(slope).toBeAllClose(pick(golden.derivative_float64), { rtol: 2e-6, atol: 0 });
});

test("a draw adds noise in units of the deviation", () => {
  const gaussian = { mean: np.array([1, -2]), variance: np.array([4, 0.25]) };
  expect(draw(gaussian, np.array([0.5, -2])).js()).toBeAllClose([2, -3]);
});
