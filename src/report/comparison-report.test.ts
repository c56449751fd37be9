import { expect, test } from "vitest";
import { fixtureMetrics } from "../../test/support/report-fixture.js";
import {
  type Comparison,
  figureLines,
  figureTable,
  renderComparison,
  seedTable,
  verdicts,
} from "./comparison-report.js";
import { csvTable, markdownTable } from "./text-table.js";

const run = (name: string, seed: number) => ({
  ...{ name, seed, preset: "emoji32-small", data: "emoji", step: 3600, parameters: 1_900_000, trainingBytes: 6e8 },
  metrics: fixtureMetrics(),
});

const comparison: Comparison = {
  runs: [run("a", 1), run("b", 2), run('<c>,"', 1)],
  settings: [{ path: "objective.output", values: ['"gaussian"', '"gaussian"', undefined] }],
  replicates: [[0, 1], [2]],
  figures: [
    {
      name: "bound, bits/dim",
      better: "lower",
      runs: [3.5, 3.4, 3.6].map((value) => ({ value, low: value - 0.1, high: value + 0.1 })),
      differences: [
        { value: -0.1, low: -0.12, high: -0.08, better: "this" },
        { value: 0.1, low: 0.05, high: 0.15, better: "first" },
      ],
    },
    {
      name: "recall (pixels)",
      better: "higher",
      runs: [0.5, 0.51, 0.5].map((value) => ({ value, low: value - 0.1, high: value + 0.1 })),
      differences: [
        { value: 0.01, low: -0.02, high: 0.04 },
        { value: 0, low: 0, high: 0 },
      ],
    },
  ],
  remarks: ["Brackets: 95 % intervals."],
};

test("who is better is said only where the interval excludes 0", () => {
  expect(verdicts(comparison)).toEqual([
    "b is better than a at bound, bits/dim (-0.100 [-0.120, -0.080]).",
    "b and a cannot be told apart by recall (pixels) (0.010 [-0.020, 0.040]).",
    'a is better than <c>," at bound, bits/dim (0.10 [0.05, 0.15]).',
    '<c>," and a cannot be told apart by recall (pixels) (0.000 [0.000, 0.000]).',
  ]);
});

test("tables have a row for every figure of every run", () => {
  expect(figureTable(comparison).rows.slice(0, 3)).toEqual([
    ["bound, bits/dim", "a", "3.50 [3.40, 3.60]", ""],
    ["", "b", "3.40 [3.30, 3.50]", "-0.100 [-0.120, -0.080]"],
    ["", '<c>,"', "3.60 [3.50, 3.70]", "0.10 [0.05, 0.15]"],
  ]);
  const lines = csvTable(figureLines(comparison)).split("\n");
  expect(lines[1]).toBe('"bound, bits/dim",a,3.5,3.4,3.6,,,,');
  expect(lines[3]).toBe('"bound, bits/dim","<c>,""",3.6,3.5,3.7,0.1,0.05,0.15,first');
  expect(lines).toHaveLength(1 + 6 + 1);
  expect(markdownTable(figureTable(comparison)).split("\n")).toHaveLength(2 + 6);
});

test("runs that differ in the seed alone are shown as mean and deviation; where there are none, nothing is", () => {
  const table = seedTable(comparison)!;
  expect(table.columns).toEqual(["figure", "a (seed 1), b (seed 2)", '<c>," (seed 1)']);
  expect(table.rows[0]).toEqual(["bound, bits/dim", "3.45 ± 0.07", "3.60"]);
  expect(seedTable({ ...comparison, replicates: [[0], [1], [2]] })).toBeUndefined();
});

test("the page shows names as text, and has every section that there is something for", () => {
  const page = renderComparison(comparison);
  expect(page).not.toContain("<c>");
  expect(page).toContain("&lt;c&gt;");
  for (const heading of [
    "The runs",
    "What is better",
    "What differs in the settings",
    "Training",
    "Where the information sits",
  ])
    expect(page).toContain(`<h2>${heading}</h2>`);
  expect(page).not.toContain("<h2>Samples</h2>");
  const bare = {
    ...comparison,
    figures: [],
    settings: [],
    runs: comparison.runs.map((each) => ({ ...each, metrics: [] })),
  };
  expect(renderComparison(bare)).toContain("the runs have the same configuration");
});
