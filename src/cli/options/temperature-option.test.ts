import { expect, test } from "vitest";
import { UserError } from "../../errors.js";
import { parseTemperature } from "./temperature-option.js";

test("a temperature for all groups, or by resolution", () => {
  expect(parseTemperature(["0.7"])).toBe(0.7);
  expect(parseTemperature(["0"])).toBe(0);
  expect(parseTemperature(["32:.5", "1:1.1"])).toEqual([
    { resolution: 32, temperature: 0.5 },
    { resolution: 1, temperature: 1.1 },
  ]);
});

test.each([
  [["-1"], "--temperature -1: expected T such as 0.7, from 0 up, or RESOLUTION:T"],
  [["warm"], "--temperature warm: expected T such as 0.7"],
  [["32:"], "--temperature 32:: expected T such as 0.7"],
  [["1", "0.5"], "--temperature 1 0.5: expected one T alone"],
  [["0.5", "32:1"], "expected one T alone, or RESOLUTION:T throughout"],
  [["32:1", "32:0"], "--temperature 32:1 32:0: expected each resolution once"],
])("temperature %j is refused", (words, message) => {
  expect(() => parseTemperature(words)).toThrow(message);
  expect(() => parseTemperature(words)).toThrow(UserError);
});
