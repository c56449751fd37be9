import { defaultDevice, grad, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../test/support/all-close.js";
import { readGolden, readGoldenJson } from "../../test/support/golden.js";
import { targetShares } from "../config/index.js";
import { rateWeights } from "./information-schedule.js";

defaultDevice("cpu"); // jax-js's other device has logarithms off by up to 4e-6

const geometricShares = (groups: number) =>
  targetShares({ shares: "geometric", scale: 1000, shift: 10 }, Array<number>(groups).fill(1));

const shares = geometricShares(4);
const golden = readGoldenJson("schedule.json");

/** γ by the paper's cases, in float64. */
function gamma(rate: number, target: number): number {
  const [a, b] = [0.667 * target, 1.334 * target];
  const weight = rate < a ? rate / a : rate < b ? 1 : rate < a + b ? (rate - b) / a + 1 : 2;
  return Math.max(weight, 0.1);
}

test("γ follows the cases of eq. 3 for rates far below, below, inside, above and far above the target", () => {
  const nats = [
    [0.01, 3, 1],
    [1, 3, 1],
    [1, 3, 1],
    [97.99, 1, 97],
  ]; // [L][N]
  const total = nats[0].map((_, image) => nats.reduce((sum, group) => sum + group[image], 0));
  const klNats = nats.map((row) => np.array(row));
  const weights = rateWeights(klNats, shares);
  weights.forEach((weight, group) => {
    expect(weight.js()).toBeAllClose(nats[group].map((rate, image) => gamma(rate, shares[group] * total[image])));
  });
  expect(klNats[0].js()).toBeAllClose(nats[0]); // borrowed: still alive
});

test("γ equals every golden point", () => {
  for (const point of golden.gamma) {
    const share = point.lower_percent / 66.7;
    const rates = [point.kl, point.total_kl - point.kl].map((kl) => np.array([kl]));
    const [weight] = rateWeights(rates, [share, 1 - share]);
    expect(weight.js()).toBeAllClose([point.gamma], { rtol: 2e-5, atol: 2e-6 });
  }
});

test.each([
  ["uncond16", geometricShares(7)],
  ["cond16", geometricShares(7)],
  [
    "superres16",
    targetShares(
      {
        shares: "per-resolution",
        weights: [
          { resolution: 8, weight: 1 },
          { resolution: 16, weight: 2 },
        ],
      },
      [8, 8, 16, 16],
    ),
  ],
])("γ of every group and image of %s equals the golden one", (model, modelShares) => {
  const step = readGolden(`${model}/train_step.safetensors`);
  const { shape, data } = step("kl");
  const rates = Array.from({ length: shape[0] }, (_, group) =>
    np.array(Float32Array.from(data.subarray(group * shape[1], (group + 1) * shape[1]))),
  );
  const weights = rateWeights(rates, modelShares);
  expect(weights.map((weight) => weight.js())).toBeAllClose(step("gamma").data, { rtol: 1e-5 });
});

test("an image without information gets the least weight, not NaN", () => {
  const weights = rateWeights([np.zeros([1]), np.zeros([1])], [0.5, 0.5]);
  expect(weights.map((weight) => weight.js())).toBeAllClose([0.1, 0.1]);
});

test("no gradient flows through γ", () => {
  const slope = grad((x: np.Array) => {
    const [first, second] = np.split(x, 2);
    return rateWeights([first.ref, second.ref], [0.9, 0.1])[0].mul(first).add(second.mul(0)).sum();
  })(np.array([1, 1]));
  expect(slope.js()).toBeAllClose([0.5 / (0.667 * 0.9), 0]);
});
