import { expect, test } from "vitest";
import { ablationRows } from "../experiments/ablation.js";
import type { RunMeasurement } from "../experiments/measure-run.js";
import { ablationTable, overSeeds, paperTable } from "./ablation-report.js";
import { markdownTable } from "./text-table.js";

const quality = (fid: number, precision: number, recall: number) => ({
  count: 100,
  values: [
    { metric: "fid" as const, name: "FID", value: fid },
    { metric: "precision" as const, name: "precision", value: precision },
    { metric: "recall" as const, name: "recall", value: recall },
  ],
});
const run = (fid: number, drawn: boolean): RunMeasurement => {
  const estimate = (mean: number) => ({ mean, standardError: 0.01 });
  return {
    quality: quality(fid, 0.5, 0.25),
    drawn: drawn ? quality(2 * fid, 0.4, 0.2) : undefined,
    reconstructed: quality(1, 0, 0),
    memorisation: { medianOfSamples: 1, medianOfHeldOut: 2, searched: 10 },
    model: {
      likelihood: {
        count: 10,
        samples: 1,
        bitsPerDim: estimate(4),
        rateBitsPerDim: estimate(1),
        distortionBitsPerDim: estimate(3),
      },
      rateDistortion: { count: 10, points: [] },
      information: { count: 10, klNats: 1, activeDimensions: 1, dimensions: 2, groups: [] },
    },
  };
};

test("ours and the paper's, samples of the output distribution in brackets, stand-ins under their own names", () => {
  const [baseline, , , both] = ablationRows;
  const rows = [
    { row: baseline, runs: [run(20, false)] },
    { row: both, runs: [run(10, true)] },
  ];
  const table = ablationTable(rows, "pixels");
  expect(table.columns.slice(0, 5)).toEqual([
    "model",
    "Fréchet distance (pixels)",
    "precision (pixels)",
    "recall (pixels)",
    "NLL, bits/dim",
  ]);
  expect(table.rows).toEqual([
    ["neither", "20.00", "0.500", "0.250", "4.000", "1.000", "3.000", "1.00"],
    ["both", "10.00 (20.00)", "0.500 (0.400)", "0.250 (0.200)", "4.000", "1.000", "3.000", "1.00"],
  ]);
  expect(ablationTable(rows, "inception").columns[1]).toBe("FID");
  expect(paperTable([baseline, both]).rows).toEqual([
    ["neither", "40.66", "0.64", "0.35", "3.10"],
    ["both", "20.82 (44.12)", "0.64 (0.46)", "0.47 (0.35)", "4.39"],
  ]);
});

test("several seeds are a mean and a standard deviation", () => {
  expect(overSeeds([1], 2)).toBe("1.00");
  expect(overSeeds([1, 3], 2)).toBe("2.00 ± 1.41");
});

test("Markdown, with bars escaped", () => {
  expect(markdownTable({ columns: ["a", "b|c"], rows: [["x", "1"]] })).toBe("| a | b\\|c |\n| --- | ---: |\n| x | 1 |");
});
