import { expect, test } from "vitest";
import type { ProbedFeatures } from "../experiments/probing/probe-model.js";
import { rightAnswers } from "../quality/probes/probe.js";
import {
  accuracyLines,
  accuracyTable,
  type ProbeFindings,
  probeChart,
  probeDifferences,
  probeVerdicts,
  renderProbe,
} from "./probe-report.js";
import { csvTable } from "./text-table.js";

const TESTED = 200;

/** Probes that are right of the first so many images. */
function probed(right: number, dimensions: number): ProbedFeatures {
  const answers = rightAnswers(
    Int32Array.from({ length: TESTED }, (_, image) => (image < right ? 1 : 0)),
    new Int32Array(TESTED).fill(1),
  );
  return {
    dimensions,
    linear: { ...answers, penalty: 1e-3, coefficients: new Float64Array(0) },
    nearest: { ...rightAnswers(new Int32Array(TESTED), new Int32Array(TESTED)), neighbours: 5 },
  };
}

const run = (name: string, rights: number[]) => ({
  name,
  step: 7,
  groups: rights.map((right, index) => ({
    ...probed(right, 10 * (index + 1)),
    groups: index + 1,
    bits: 30 * (index + 1),
    neighbours: [],
  })),
});

const findings: ProbeFindings = {
  ...{ data: "discs", classes: 4, known: 60, chosen: 20, tested: TESTED, testedSplit: "test", chance: 0.3 },
  runs: [run("a", [50, 100]), { ...run("b <i>", [90, 101, 150]), told: "red" }],
  pixels: { pixels: probed(120, 192), components: [probed(110, 10)] },
};

test("a row for each number of groups, for principal components and for pixels", () => {
  const { columns, rows } = accuracyTable(findings);
  expect(rows.map(([name]) => name)).toEqual([
    ...["a, first 1", "a, first 2", "b <i>, first 1", "b <i>, first 2", "b <i>, first 3"],
    ...["principal components", "pixels"],
  ]);
  expect(rows[0]).toEqual(["a, first 1", "10", "30", "25.0 [19.5, 31.4]", "100.0 [98.1, 100.0]"]);
  expect(rows.every((row) => row.length === columns.length)).toBe(true);
  const lines = accuracyLines(findings);
  expect(lines.rows.every((row) => row.length === lines.columns.length)).toBe(true);
  expect(csvTable(lines)).toContain("\nprincipal components,,10,,0.55,");
});

test("differences are paired, for as many groups as both have, and only those that exclude 0 are told", () => {
  const differences = probeDifferences(findings);
  const linear = differences.filter(({ kind }) => kind === "linear");
  expect(linear.map(({ groups, mean }) => [groups, mean])).toEqual([
    [1, 0.2],
    [2, 0.005],
  ]);
  const [says, nothing] = probeVerdicts(findings, differences);
  expect(says).toMatch(/^b <i> minus a in percentage points, linear probe: first 1: 20\.0 \[\d+\.\d, \d+\.\d\]\.$/);
  expect(nothing).toContain("no difference that the images can tell from chance");
});

test("the chart has every curve with its intervals, the page all of it and nothing that runs", () => {
  const chart = probeChart(findings, "linear", "groups", 600);
  for (const name of ["a", "b &lt;i&gt;", "as many principal components", "pixels", "most frequent class"])
    expect(chart).toContain(`>${name}<`);
  expect(chart.match(/aria-label="rule"/g)!.length).toBeGreaterThanOrEqual(3); // of two runs and the components
  const page = renderProbe(findings, []);
  expect(page).toContain("b &lt;i&gt; was told red of every image.");
  expect(page).not.toContain("<i>");
  expect(page.match(/<figure>/g)).toHaveLength(4);
});
