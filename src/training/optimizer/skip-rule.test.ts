import { expect, test } from "vitest";
import { type GradientCheck, type SkipReason, skipReason } from "./skip-rule.js";

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
])("%s", (_, change, reason) => {
  expect(skipReason({ ...check, ...change })).toBe(reason);
});
