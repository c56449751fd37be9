import { expect, test } from "vitest";
import { mustSkip } from "./skip-rule.js";

const check = { gradientNorm: 768, dimensions: 768, updates: 5000, threshold: 300 };

test.each([
  ["an ordinary gradient", {}, false],
  ["one at the threshold", { gradientNorm: 300 * 768 }, false],
  ["one above the threshold", { gradientNorm: 301 * 768 }, true],
  ["one above the threshold in the first 1,000 updates", { gradientNorm: 301 * 768, updates: 999 }, false],
  ["one above the threshold after 1,000 updates", { gradientNorm: 301 * 768, updates: 1000 }, true],
  ["NaN, from the first update on", { gradientNorm: Number.NaN, updates: 0 }, true],
  ["infinity", { gradientNorm: Number.POSITIVE_INFINITY, updates: 0 }, true],
])("%s", (_, change, skipped) => {
  expect(mustSkip({ ...check, ...change })).toBe(skipped);
});
