import { expect, test } from "vitest";
import { parseGuidance, parseWeightGrid, parseWeights } from "./guidance-options.js";

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
