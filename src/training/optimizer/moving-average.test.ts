import { expect, test } from "vitest";
import { averageDecay } from "./moving-average.js";

test("the decay rises from 0.1 to the configured one with warm-up, and is constant without", () => {
  const warm = { emaDecay: 0.995, emaWarmup: true };
  expect(averageDecay(0, warm)).toBe(0.1);
  expect(averageDecay(90, warm)).toBe(0.91);
  expect(averageDecay(100_000, warm)).toBe(0.995);
  expect(averageDecay(0, { ...warm, emaWarmup: false })).toBe(0.995);
});
