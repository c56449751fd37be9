import { expect, test } from "vitest";
import { tinyConfig } from "../../test/support/tiny.js";
import { groups } from "../model/index.js";
import { temperatures } from "./per-group.js";

const all = groups(tinyConfig().model); // 1×1, 4×4, 8×8

test("for all groups, for each, or by resolution with 1 for those not named", () => {
  expect(temperatures(0.7, all)).toEqual([0.7, 0.7, 0.7]);
  expect(temperatures([0, 1, 2], all)).toEqual([0, 1, 2]);
  expect(temperatures([{ resolution: 8, temperature: 0 }], all)).toEqual([1, 1, 0]);
  expect(temperatures([], [])).toEqual([]);
});

test("what fits no group is refused", () => {
  expect(() => temperatures([1], all)).toThrow("one temperature for each of 3 latent groups, got 1");
  expect(() => temperatures(-1, all)).toThrow("Expected a temperature of 0 or more, got -1");
  expect(() => temperatures([{ resolution: 4, temperature: Number.NaN }], all)).toThrow("got NaN");
  expect(() => temperatures([{ resolution: 5, temperature: 1 }], all)).toThrow(
    "expected a resolution among 1, 4, 8, got 5",
  );
});
