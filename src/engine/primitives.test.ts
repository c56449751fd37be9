import { grad, jit, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../test/support/all-close.js";
import { prepare } from "./compile.js";
import { sigmoid, softplus, swish } from "./primitives.js";
import { spec } from "./spec.js";

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

test("a function of the caller's own is inlined, whatever its name", () => {
  const own = jit(function swish(x: np.Array): np.Array {
    return x.mul(3);
  });
  const { equations } = prepare((x: np.Array) => own(x), [spec([2])]).graph;
  expect(equations.map(({ op }) => op)).toEqual(["mul"]);
});
