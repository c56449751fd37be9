import { numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import { resolvePreset } from "../config/index.js";
import { guidanceWeights, guide } from "./guidance.js";

const close = (values: number[]) => values.map((value) => expect.closeTo(value, 4));
const conditional = { mean: [0.5, -1, 2], variance: [0.25, 1, 4] };
const unconditional = { mean: [0, -1, 3], variance: [1, 1, 0.5] };

function run(weightOfMean: number, weightOfVariance: number, without = unconditional) {
  const gaussian = ({ mean, variance }: { mean: number[]; variance: number[] }) => ({
    mean: np.array(mean),
    variance: np.array(variance),
  });
  const { guided, clamped } = guide(gaussian(conditional), gaussian(without), {
    mean: np.array([weightOfMean]),
    variance: np.array([weightOfVariance]),
  });
  return { mean: guided.mean.js(), variance: guided.variance.js(), clamped: clamped.js() };
}

test("weights of zero give the prior with label", () => {
  const { mean, variance, clamped } = run(0, 0);
  expect(mean).toEqual(conditional.mean);
  expect(variance).toEqual(close(conditional.variance));
  expect(clamped).toBe(0);
});

test("means and log-variances are extrapolated away from the prior without label", () => {
  const { mean, variance } = run(1.5, 2);
  expect(mean).toEqual(close(conditional.mean.map((m, i) => m + 1.5 * (m - unconditional.mean[i]))));
  expect(variance).toEqual(close(conditional.variance.map((v, i) => v * (v / unconditional.variance[i]) ** 2)));
});

test("what would overflow is clamped and counted", () => {
  const { mean, variance, clamped } = run(1e4, 40, { mean: [0, -1, 3], variance: [1, 1, 0] });
  expect(mean).toEqual([1000, -1, -1000]);
  expect(variance[0]).toBeCloseTo(Math.exp(-30), 15);
  expect(variance[2] / Math.exp(8)).toBeCloseTo(1, 5);
  expect(clamped).toBe(4);
});

const conditionalModel = { ...resolvePreset("emoji32-small").model, classes: 9 };

test("weights are given for all groups or per resolution", () => {
  expect(guidanceWeights({ mean: 1, variance: 2 }, conditionalModel, [1, 4, 4])).toEqual({
    mean: Float32Array.of(1, 1, 1),
    variance: Float32Array.of(2, 2, 2),
  });
  expect(guidanceWeights([{ resolution: 4, mean: 1.5, variance: 5 }], conditionalModel, [1, 4, 4])).toEqual({
    mean: Float32Array.of(0, 1.5, 1.5),
    variance: Float32Array.of(0, 5, 5),
  });
});

test("weights that cannot be are refused", () => {
  const unconditionalModel = { ...conditionalModel, classes: 0 };
  expect(() => guidanceWeights({ mean: 1, variance: 1 }, unconditionalModel, [1])).toThrow(
    "Guidance needs a model with classes",
  );
  expect(() => guidanceWeights([{ resolution: 16, mean: 1, variance: 1 }], conditionalModel, [1, 4, 4])).toThrow(
    "expected a resolution among 1, 4, got 16",
  );
  expect(() => guidanceWeights({ mean: Number.NaN, variance: 1 }, conditionalModel, [1])).toThrow("got mean NaN");
});
