import { expect, test } from "vitest";
import { fixtureSweep } from "../../test/support/sweep-fixture.js";
import { bestWeights, sweepCsv, sweepMarkdown, sweepTables } from "./sweep-tables.js";

const small = fixtureSweep({ means: [0, 2], variances: [0, 5], seeds: [0] });

test("a table for each metric, variance weights downwards, mean weights to the right, as in the paper", () => {
  const tables = sweepTables(small);
  expect(tables.map(({ metric, lowerIsBetter }) => [metric, lowerIsBetter])).toEqual([
    ["fid", true],
    ["precision", false],
    ["recall", false],
  ]);
  expect(tables[0].cells).toEqual([
    [{ value: 40 }, { value: 32 }],
    [{ value: 30 }, { value: 22 }],
  ]);
  expect(bestWeights(tables[0])).toEqual({ mean: 2, variance: 5, spread: { value: 22 } });
  expect(bestWeights(tables[2])).toEqual({ mean: 0, variance: 0, spread: { value: 0.5 } });
});

test("over seeds there is a mean and a standard deviation of n − 1", () => {
  const [fid] = sweepTables(fixtureSweep({ means: [0], variances: [1], seeds: [0, 1, 5] }));
  const values = [38, 39, 43]; // mean 40, deviations −2, −1, 3
  expect(fid.cells[0][0]?.value).toBeCloseTo(values.reduce((a, b) => a + b) / 3);
  expect(fid.cells[0][0]?.deviation).toBeCloseTo(Math.sqrt((4 + 1 + 9) / 2));
});

test("weights that failed at one seed have no number", () => {
  const { grid, cells } = fixtureSweep({ means: [0, 1], variances: [0], seeds: [0, 1] });
  const failing = cells.map((cell) => (cell.mean === 1 && cell.seed === 1 ? { ...cell, quality: [] } : cell));
  const [fid] = sweepTables({ grid, cells: failing });
  expect(fid.cells[0][1]).toBeUndefined();
  expect(fid.cells[0][0]?.value).toBe(40.5);
  expect(sweepTables({ grid, cells: cells.map((cell) => ({ ...cell, quality: [] })) })).toEqual([]);
});

test("in Markdown the best is bold, and what is missing a dash", () => {
  const cells = small.cells.map((cell) => (cell.mean === 0 && cell.variance === 5 ? { ...cell, quality: [] } : cell));
  expect(sweepMarkdown(sweepTables({ grid: small.grid, cells })[0])).toBe(
    ["| FID: variance ↓ mean → | 0 | 2 |", "| --- | ---: | ---: |", "| 0 | 40.0 | 32.0 |", "| 5 | – | **22.0** |"].join(
      "\n",
    ),
  );
});

test("lines for a spreadsheet, one for each set of samples", () => {
  const cells = small.cells.map((cell, index) => (index === 3 ? { ...cell, quality: [] } : cell));
  expect(sweepCsv({ grid: small.grid, cells }).split("\n")).toEqual([
    "mean,variance,seed,fid,precision,recall,clamped,seconds",
    "0,0,0,40,0.5,0.5,0,1.5",
    "2,0,0,32,0.58,0.45,0,1.5",
    `0,5,0,30,0.6,${0.5 - 5 / 80 - 25 / 1000},3,1.5`,
    "2,5,0,,,,3,1.5",
    "",
  ]);
});
