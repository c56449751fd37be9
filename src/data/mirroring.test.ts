import { expect, test } from "vitest";
import { chiralClasses } from "./mirroring.js";

test.each([
  ["digits", [..."0123456789"], [..."12345679"]],
  ["letters", [..."ABCDEFGH"], [..."BCDEFG"]],
  ["sides", ["turn left", "straight", "turn_right"], ["turn left", "turn_right"]],
  ["one side alone", ["right whale", "blue whale"], []],
  ["two letters that stand for anything", ["a", "b"], []],
  ["symmetric letters", [..."AHIMOTUVWXY"], []],
  ["words", ["cat", "dog", "leftover", "upright"], []],
  ["none", [], []],
])("classes that a mirror changes: %s", (_, classes, expected) => {
  expect(chiralClasses(classes)).toEqual(expected);
});
