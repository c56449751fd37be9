import { numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import { resolvePreset } from "../../config/index.js";
import { type Guidance, type GuidanceRule, guidanceWeights, guidedGroups } from "../../latents/per-group.js";
import { guide } from "./guidance.js";

const close = (values: number[]) => values.map((value) => expect.closeTo(value, 4));
const conditional = { mean: [0.5, -1, 2], variance: [0.25, 1, 4] };
const unconditional = { mean: [0, -1, 3], variance: [1, 1, 0.5] };

function run(
  weightOfMean: number,
  weightOfVariance: number,
  without = unconditional,
  rule: GuidanceRule = "extrapolate",
) {
  const gaussian = ({ mean, variance }: { mean: number[]; variance: number[] }) => ({
    mean: np.array(mean),
    variance: np.array(variance),
  });
  const weights = { mean: np.array([weightOfMean]), variance: np.array([weightOfVariance]) };
  const { guided, clamped, invalid } = guide(gaussian(conditional), gaussian(without), weights, rule);
  const numbers = (x: np.Array) => x.js() as number[];
  return {
    mean: numbers(guided.mean),
    variance: numbers(guided.variance),
    clamped: clamped.sum().js(),
    invalid: invalid.sum().js(),
  };
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

const level = (resolution: number, stochasticLayers: number) => ({
  resolution,
  channels: 8,
  encoderBlocks: 1,
  stochasticLayers,
  attention: 0,
});
/** Groups of 1², 4² and 4². */
const conditionalModel = {
  ...resolvePreset("emoji32-small").model,
  resolution: 4,
  classes: 9,
  levels: [level(1, 1), level(4, 2)],
};

test("weights are given for all groups or per resolution", () => {
  expect(guidanceWeights({ mean: 1, variance: 2 }, conditionalModel)).toEqual({
    mean: Float32Array.of(1, 1, 1),
    variance: Float32Array.of(2, 2, 2),
  });
  expect(guidanceWeights([{ resolution: 4, mean: 1.5, variance: 5 }], conditionalModel)).toEqual({
    mean: Float32Array.of(0, 1.5, 1.5),
    variance: Float32Array.of(0, 5, 5),
  });
});

test("groups are guided that have a weight", () => {
  const of = (guidance: Guidance) => guidedGroups(guidanceWeights(guidance, conditionalModel));
  expect(of({ mean: 0, variance: 0 })).toEqual([false, false, false]);
  expect(of({ mean: 0, variance: -1 })).toEqual([true, true, true]);
  expect(of([{ resolution: 4, mean: 1, variance: 0 }])).toEqual([false, true, true]);
});

test("weights that cannot be are refused", () => {
  const unconditionalModel = { ...conditionalModel, classes: 0 };
  expect(() => guidanceWeights({ mean: 1, variance: 1 }, unconditionalModel)).toThrow(
    "Guidance needs a model with classes",
  );
  expect(() => guidanceWeights([{ resolution: 16, mean: 1, variance: 1 }], conditionalModel)).toThrow(
    "expected a resolution among 1, 4, got 16",
  );
  expect(() => guidanceWeights({ mean: Number.NaN, variance: 1 }, conditionalModel)).toThrow("got mean NaN");
  // finite in float64, but not in the model's float32
  expect(() => guidanceWeights({ mean: 1e39, variance: 0 }, conditionalModel)).toThrow("expected weights of at most");
  expect(() => guidanceWeights({ mean: 1, variance: 2 }, conditionalModel, "product")).toThrow(
    "expected one weight for mean and variance, got 1 and 2",
  );
});

/** The density of N(mean, variance) at x, up to a factor. */
const density = (x: number, mean: number, variance: number) => Math.exp(-((x - mean) ** 2) / (2 * variance));

test("the product has the density p_c^(1+w) / p_u^w, where that is one", () => {
  const w = 0.5;
  const { mean, variance, invalid } = run(w, w, unconditional, "product");
  for (const dimension of [0, 1]) {
    const wanted = (x: number) =>
      density(x, conditional.mean[dimension], conditional.variance[dimension]) ** (1 + w) /
      density(x, unconditional.mean[dimension], unconditional.variance[dimension]) ** w;
    const found = (x: number) => density(x, mean[dimension], variance[dimension]);
    const ratios = [-1, 0, 0.3, 2].map((x) => wanted(x) / found(x));
    for (const ratio of ratios) expect(ratio / ratios[0]).toBeCloseTo(1, 4);
  }
  // 1.5/4 < 0.5/0.5: no distribution, so the prior with label
  expect([mean[2], variance[2], invalid]).toEqual([2, expect.closeTo(4, 4), 1]);
});

test("the product with weight zero is the prior with label, also where a variance has vanished", () => {
  const { mean, variance, invalid } = run(0, 0, { mean: [0, -1, 3], variance: [1, 0, 0.5] }, "product");
  expect(mean).toEqual(close(conditional.mean));
  expect(variance).toEqual(close(conditional.variance));
  expect(invalid).toBe(0);
});
