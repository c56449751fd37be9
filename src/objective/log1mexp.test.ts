import { defaultDevice, grad, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../test/support/all-close.js";
import { log1mexp } from "./log1mexp.js";

defaultDevice("cpu");

const points = Array.from(new Float32Array([1e-20, 1e-6, 1e-3, 0.1, 0.5, 0.9, 0.999, 1, 1.001, 1.5, 3, 10, 80]));

test("value and gradient are accurate from 1e-20 to 80 and on both sides of 1", () => {
  expect(log1mexp(np.array(points)).js()).toBeAllClose(
    points.map((x) => Math.log(-Math.expm1(-x))),
    { atol: 3e-7, rtol: 2e-7 },
  );
  const gradient = grad((x: np.Array) => log1mexp(x).sum())(np.array(points));
  expect(gradient.js()).toBeAllClose(
    points.map((x) => 1 / Math.expm1(x)),
    { rtol: 1e-6 },
  );
});

test("stays finite at 0 and for huge arguments", () => {
  const value = (x: number) => log1mexp(np.array([x])).js() as number[];
  const slope = (x: number) => grad((at: np.Array) => log1mexp(at).sum())(np.array([x])).js() as number[];
  expect([...value(0), ...value(1e30), ...slope(0), ...slope(1e30)].every(Number.isFinite)).toBe(true);
});
