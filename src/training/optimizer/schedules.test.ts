import { expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { readGoldenJson } from "../../../test/support/golden.js";
import { presets } from "../../config/index.js";
import { averageDecay, learningRate } from "./schedules.js";

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

test("the decay rises from 0.1 to the configured one with warm-up, and is constant without", () => {
  const warm = { emaDecay: 0.995, emaWarmup: true };
  expect(averageDecay(0, warm)).toBe(0.1);
  expect(averageDecay(90, warm)).toBe(0.91);
  expect(averageDecay(100_000, warm)).toBe(0.995);
  expect(averageDecay(0, { ...warm, emaWarmup: false })).toBe(0.995);
});
