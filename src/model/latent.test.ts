import { grad, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../test/support/all-close.js";
import { readGoldenJson } from "../../test/support/golden.js";
import { draw, smoothVariance } from "./latent.js";

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
