import { parseHTML } from "linkedom";
import sharp from "sharp";
import { expect, test } from "vitest";
import { fixtureSweep } from "../../test/support/sweep-fixture.js";
import { renderSweep, type SweepReport, sweepStrips } from "./sweep-report.js";
import { sweepTables, tradeOffChart } from "./sweep-tables.js";

const sweep = fixtureSweep({ means: [0, 1, 2], variances: [0, 2, 5], seeds: [0] });

const report = async (changes: Partial<SweepReport> = {}) => {
  const parts: SweepReport = {
    grid: sweep.grid,
    cells: sweep.cells,
    model: "runs/base",
    strips: await sweepStrips({ grid: sweep.grid, cells: sweep.saved }),
    remarks: ["2,000 samples, so the FID is biased upwards."],
    settings: { count: 2000, features: "inception" },
    nextCommands: [{ purpose: "The best pair", command: "strata sample --guidance 2,5" }],
    besidePaper: false,
    ...changes,
  };
  const page = renderSweep(parts);
  return { page, document: parseHTML(page).document };
};

const headings = (document: Document) => [...document.querySelectorAll("h2")].map(({ textContent }) => textContent);

test("the page holds heat maps, the trade-off, strips, remarks, settings and commands", async () => {
  const { page, document } = await report();
  expect(headings(document)).toEqual([
    "Quality at every pair of weights",
    "What guidance gives and takes",
    "Samples",
    "What the numbers mean",
    "Settings",
    "Commands to try next",
  ]);
  const charts = [...document.querySelectorAll("svg")].map((svg) => svg.getAttribute("aria-label"));
  expect(new Set(charts).size).toBe(4);
  const text = document.body.textContent ?? "";
  for (const expected of [
    "Samples of runs/base at 9 pairs of guidance weights",
    "at mean 2, variance 5; 40.0 without guidance",
    "2,000 samples, so the FID is biased upwards.",
    "All cells draw from the same noise",
    "In 3 of 9 sets of samples guidance would have carried latents beyond all bounds",
    "strata sample --guidance 2,5",
  ]) {
    expect(text).toContain(expected);
  }
  expect(document.querySelectorAll("img")).toHaveLength(3);
  expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
});

test("only figures of the paper that are known stand beside ours, and only where they can be compared", async () => {
  expect(headings((await report()).document)).not.toContain("Beside the paper's Table 2");
  const { document } = await report({ besidePaper: true });
  const rows = [...document.querySelectorAll("tbody tr")].map((row) =>
    [...row.querySelectorAll("td")].map(({ textContent }) => textContent),
  );
  expect(rows).toEqual([
    ["mean 0, variance 0", "40.0", "37.0", "0.500", "0.49", "0.500", "0.50"],
    ["mean 1.5, variance 5", "–", "17.6", "–", "–", "–", "–"],
    ["mean 2, variance 5", "22.0", "17.5", "0.680", "0.66", "0.362", "0.39"],
  ]);
});

test("over several seeds the page says how to read the deviation", async () => {
  const { grid, cells } = fixtureSweep({ means: [0, 1], variances: [0, 1], seeds: [0, 1] });
  const text = (await report({ grid, cells })).document.body.textContent;
  expect(text).toContain("Mean ± standard deviation over 2 seeds");
  expect(text).toContain("Within a seed all cells draw from the same noise");
  expect(text).toContain("40.5 ± 0.7");
});

test("cells that failed say why, and a sweep without any number has a page too", async () => {
  const cells = sweep.cells.map((cell) => ({ ...cell, quality: [], failure: "overflowed <b>" }));
  const { document, page } = await report({ cells, strips: [] });
  expect(document.body.textContent).toContain("No samples at mean 2, variance 5, seed 0: overflowed <b>");
  expect(document.body.textContent).toContain("No cell could be measured");
  expect(page).not.toMatch(/<svg|NaN|Infinity/);
});

test("whatever a name holds, it stays text, and nothing is loaded or runs", async () => {
  const evil = `</title><script>alert("1")</script><img src=x onerror='2'>`;
  const cells = sweep.cells.map((cell) => ({
    ...cell,
    quality: cell.quality.map((value) => ({ ...value, name: evil })),
    failure: evil,
  }));
  const { document } = await report({
    cells,
    model: evil,
    remarks: [evil],
    settings: { [evil]: evil },
    nextCommands: [{ purpose: evil, command: evil }],
  });
  expect(document.querySelectorAll("script, [onerror], link, iframe")).toHaveLength(0);
  for (const image of document.querySelectorAll("img")) expect(image.getAttribute("src")).toMatch(/^data:image\/png/);
});

test("strips are rows of the same samples: the mean's weight, the variance's, and both to the best", async () => {
  const best = { mean: 0, variance: 5 };
  const strips = await sweepStrips({ grid: sweep.grid, cells: sweep.saved }, best);
  expect(strips.map(({ name, title }) => [name, title])).toEqual([
    ["mean", "Mean weight, the variance's at 0"],
    ["variance", "Variance weight, the mean's at 0"],
    ["both", "Both weights"],
  ]);
  // 8×8 pictures are shown eight times as large, two pixels apart, right of the labels
  const { data, info } = await sharp(strips[2].png).raw().toBuffer({ resolveWithObject: true });
  expect(info.height).toBe(2 + 4 * 66);
  const pixel = (row: number, column: number) => {
    const [x, y] = [info.width - 2 - 66 * (4 - column) + 32, 2 + 66 * row + 32];
    return [...data.subarray((y * info.width + x) * info.channels, (y * info.width + x) * info.channels + 3)];
  };
  expect([0, 1, 2, 3].map((row) => pixel(row, 1))).toEqual([
    [0, 40, 0],
    [60, 40, 100],
    [120, 40, 250],
    [0, 40, 250],
  ]);
});

test("one list of weights makes one strip; rows of failed cells are left out", async () => {
  const { grid, saved } = fixtureSweep({ means: [-1, 0, 1], variances: [0], seeds: [0] });
  const without = saved.map((cell) => (cell.result.mean === 1 ? { result: cell.result } : cell));
  const strips = await sweepStrips({ grid, cells: without });
  expect(strips.map(({ name }) => name)).toEqual(["mean"]);
  expect((await sharp(strips[0].png).metadata()).height).toBe(2 + 2 * 66);
});

test("the trade-off has a point for each pair and a line for each variance weight, if recall was measured", () => {
  const tables = sweepTables(sweep);
  const { document } = parseHTML(tradeOffChart(tables)!(720));
  const dots = [...document.querySelectorAll('g[aria-label="dot"]')].map(
    (group) => group.querySelectorAll("circle").length,
  );
  expect(dots).toEqual([9, 1]);
  expect(document.querySelectorAll('g[aria-label="line"] path')).toHaveLength(3);
  const labels = [...document.querySelectorAll('g[aria-label="text"] text')].map(({ textContent }) => textContent);
  expect(labels).toEqual(["0", "2", "5"]);
  expect(tradeOffChart(tables.filter(({ metric }) => metric !== "recall"))).toBeUndefined();
});
