import { expect, test } from "vitest";
import { chosenByKey } from "./roving.js";

test("keys of a list go up and down, to its ends, and stop there", () => {
  const keys = ["ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight", "Home", "End", "PageUp", "PageDown"];
  expect(keys.map((key) => chosenByKey(key, 3, 17))).toEqual([2, 2, 4, 4, 0, 16, 0, 8]);
  expect(keys.map((key) => chosenByKey(key, 0, 17))).toEqual([0, 0, 1, 1, 0, 16, 0, 5]);
  expect(keys.map((key) => chosenByKey(key, 16, 17))).toEqual([15, 15, 16, 16, 0, 16, 11, 16]);
  expect(chosenByKey("a", 3, 17)).toBeUndefined();
});

test("keys of a pad stay in their row and column", () => {
  const keys = ["ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight"];
  expect(keys.map((key) => chosenByKey(key, 12, 25, 5))).toEqual([7, 11, 17, 13]);
  expect(keys.map((key) => chosenByKey(key, 0, 25, 5))).toEqual([0, 0, 5, 1]);
  expect(keys.map((key) => chosenByKey(key, 24, 25, 5))).toEqual([19, 23, 24, 24]);
  expect(chosenByKey("ArrowRight", 4, 25, 5)).toBe(4);
});
