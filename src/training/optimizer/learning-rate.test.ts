import { expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { readGoldenJson } from "../../../test/support/golden.js";
import { presets } from "../../config/index.js";
import { learningRate } from "./learning-rate.js";

const golden = readGoldenJson("schedule.json");

test.each([
  ["cifar10", "cifar10"],
  ["imagenet32", "imagenet32"],
  ["imagenet64", "imagenet64-superres"],
] as const)("every golden rate of %s, warm-up, cosine and beyond", (name, preset) => {
  const { optimizer } = presets[preset];
  const rates = golden.learning_rate[name].steps.map((t: number) => learningRate(t, optimizer));
  expect(rates).toBeAllClose(golden.learning_rate[name].jax, { rtol: 1e-12, atol: 0 });
});
