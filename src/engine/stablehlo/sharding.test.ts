import { expect, test } from "vitest";
import { inputSharding, isDivided } from "./sharding.js";

const division = { devices: 4, divided: new Set([0, 2]) };

test("inputs that are to be divided are, where their rows can be shared out equally", () => {
  expect(isDivided(0, [8, 3], division)).toBe(true);
  expect(isDivided(0, [6, 3], division)).toBe(false);
  expect(isDivided(1, [8, 3], division)).toBe(false);
  expect(isDivided(2, [], division)).toBe(false);
  expect(isDivided(0, [8, 3], { ...division, devices: 1 })).toBe(false);
});

test("XLA is told how many devices there are along each axis", () => {
  expect(inputSharding(0, [8, 3, 5], division)).toBe('"{devices=[4,1,1]<=[4]}"');
  expect(inputSharding(1, [8, 3, 5], division)).toBe('"{replicated}"');
});
