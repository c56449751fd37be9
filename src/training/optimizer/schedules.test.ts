import type { numpy as np } from "@jax-js/jax";
import { afterAll, expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { given, ints, onEngine, testRuntime } from "../../../test/support/against-jax.js";
import { readGoldenJson } from "../../../test/support/golden.js";
import { presets } from "../../config/index.js";
import { averageDecay, type GradientCheck, isSkipped, learningRate, type SkipReason, skipReason } from "./schedules.js";

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

const check = { lossNats: 100, gradientNorm: 768, dimensions: 768, updates: 5000, threshold: 300 };

test.each<[string, Partial<GradientCheck>, SkipReason | undefined]>([
  ["an ordinary gradient", {}, undefined],
  ["one at the threshold", { gradientNorm: 300 * 768 }, undefined],
  ["one above the threshold", { gradientNorm: 301 * 768 }, "norm above the threshold"],
  ["one above the threshold in the first 1,000 updates", { gradientNorm: 301 * 768, updates: 999 }, undefined],
  ["one above it after 1,000 updates", { gradientNorm: 301 * 768, updates: 1000 }, "norm above the threshold"],
  ["NaN, from the first update on", { gradientNorm: Number.NaN, updates: 0 }, "non-finite gradient"],
  ["infinity", { gradientNorm: Number.POSITIVE_INFINITY, updates: 0 }, "non-finite gradient"],
  ["a loss that is NaN, whatever its gradient", { lossNats: Number.NaN, updates: 0 }, "non-finite loss"],
  ["an infinite loss", { lossNats: Number.POSITIVE_INFINITY }, "non-finite loss"],
])("%s", async (_, change, reason) => {
  const { lossNats, gradientNorm, updates, dimensions, threshold } = { ...check, ...change };
  expect(skipReason({ ...check, ...change })).toBe(reason);
  const traced = (loss: np.Array, norm: np.Array, made: np.Array) =>
    isSkipped({ loss, norm, updates: made, dimensions, threshold });
  const scalars = [given([lossNats], []), given([gradientNorm], []), ints([updates], [])];
  expect(await onEngine(traced, scalars)).toEqual(Uint8Array.of(reason ? 1 : 0));
});

afterAll(() => testRuntime().dispose());
