import { InvalidArgumentError } from "commander";
import { expect, test } from "vitest";
import { UserError } from "../../errors.js";
import {
  batchSize,
  imageCount,
  minutes,
  numberAbove,
  parseGuidance,
  parseTemperature,
  parseWeightGrid,
  parseWeights,
  threadCount,
  wholeNumber,
} from "./arguments.js";

test("whole numbers are those of digits alone, within their limits", () => {
  expect(["1", "007", "9007199254740991"].map(wholeNumber(1))).toEqual([1, 7, 2 ** 53 - 1]);
  for (const text of ["0", "-1", "1.5", "1e3", "0x10", " 1", "", "Infinity"]) {
    expect(() => wholeNumber(1)(text), text).toThrow(new InvalidArgumentError("Expected a whole number from 1 up."));
  }
  expect(() => wholeNumber(1)("9007199254740992")).toThrow("from 1 to 9.0 · 10¹⁵.");
  expect(() => wholeNumber(2, 5)("6")).toThrow("Expected a whole number from 2 to 5.");
});

test("numbers that no machine can serve are refused with the largest that is taken", () => {
  expect(() => imageCount(1)("99999999999")).toThrow("Expected a whole number from 1 to 10,000,000.");
  expect(imageCount(1)("10000000")).toBe(10_000_000);
  expect(() => batchSize("4097")).toThrow("from 1 to 4,096.");
  expect(() => threadCount("99999")).toThrow(/^Expected a whole number from 1 to [\d,]+\.$/);
  expect(() => minutes("1e300")).toThrow("Expected a number above 0 up to 10,000,000.");
});

test("numbers are finite and above their limit, or at it where it counts", () => {
  expect(["0.5", "1e3"].map(numberAbove(0))).toEqual([0.5, 1000]);
  expect(numberAbove(0, { inclusive: true })("0")).toBe(0);
  for (const text of ["0", "-1", "NaN", "Infinity", "", " ", "x"]) {
    expect(() => numberAbove(0)(text), text).toThrow("Expected a number above 0.");
  }
  expect(() => numberAbove(0, { inclusive: true })("-1")).toThrow("Expected a number from 0 up.");
});

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

test("guidance for all groups, or by resolution; one weight is both", () => {
  expect(parseGuidance(["1.5,5"])).toEqual({ mean: 1.5, variance: 5 });
  expect(parseGuidance(["2"])).toEqual({ mean: 2, variance: 2 });
  const pairs = [
    { resolution: 32, mean: 1.5, variance: 5 },
    { resolution: 16, mean: 1, variance: -3 },
  ];
  expect(parseGuidance(["32:1.5,5", "16:1,-3"])).toEqual(pairs);
  expect(parseGuidance(["32:1.5,5;16:1,-3"])).toEqual(pairs);
});

test.each([
  [["a,b"], /^--guidance a,b: expected MEAN,VARIANCE such as/],
  [["1,2", "3,4"], /expected one MEAN,VARIANCE alone/],
  [["1,2", "16:3,4"], /expected one MEAN,VARIANCE alone/],
  [["16:"], /^--guidance 16:: expected/],
  [["1,"], /^--guidance 1,: expected/],
  [["1,2,3"], /^--guidance 1,2,3: expected/],
  [["16:1,2", "16:3,4"], /expected each resolution once/],
])("guidance %j is refused", (words, message) => {
  expect(() => parseGuidance(words)).toThrow(message);
});

test("a grid is two lists of weights", () => {
  expect(parseWeightGrid(["0,1,2", "0,2.5"])).toEqual({ means: [0, 1, 2], variances: [0, 2.5] });
  for (const words of [["0,1"], ["0", "1", "2"], ["0,x", "1"], ["0,,1", "1"], ["", "1"]]) {
    expect(() => parseWeightGrid(words)).toThrow(/^--guidance-grid .*expected two lists of weights/);
  }
  const many = Array(21).fill("1").join(",");
  expect(() => parseWeightGrid([many, many])).toThrow("expected at most 400 pairs of weights, got 441");
});

test("weights are numbers between commas", () => {
  expect(parseWeights("0,0.5,-1", "--mean")).toEqual([0, 0.5, -1]);
  for (const text of ["", "0,x", "0,,1", "1 2", "Infinity"]) {
    expect(() => parseWeights(text, "--mean")).toThrow(`--mean ${text}: expected weights separated by commas`);
  }
});
