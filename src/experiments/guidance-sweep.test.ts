import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NonFiniteOutputError } from "../inference/pictures.js";
import { guidanceSweep, type SweepOptions } from "./guidance-sweep.js";
import { cellName, cellsOf, type SweepCell, sweepGrid } from "./sweep-grid.js";

let folder: string;
let drawn: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sweep-"));
  drawn = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const grid = sweepGrid({ means: [0, 1], variances: [0, 5], seeds: [0] });
const settings = { model: "abc", count: 100 };

/** A sweep whose value in a cell is 10 w_μ + w_σ, and whose one picture has that in each byte. */
const sweep = (changes: Partial<SweepOptions> = {}) =>
  guidanceSweep({
    grid,
    folder,
    settings,
    measure: async (cell) => {
      drawn.push(cellName(cell));
      const value = 10 * cell.mean + cell.variance;
      return {
        quality: [{ metric: "fid", name: "FID", value }],
        pictures: { images: new Uint8Array(3 * 4).fill(value), count: 1, resolution: 2 },
        clamped: 2,
      };
    },
    ...changes,
  });

const at = (cell: SweepCell, extension: string) => join(folder, "cells", `${cellName(cell)}.${extension}`);
const names = (cells: SweepCell[]) => cells.map(cellName);

test("a grid is ascending; its cells go seed by seed, row by row of the paper's table", () => {
  const both = sweepGrid({ means: [2, -0], variances: [5, 0.5], seeds: [3, 1] });
  expect(both).toEqual({ means: [0, 2], variances: [0.5, 5], seeds: [1, 3] });
  expect(names(cellsOf(both)).slice(0, 5)).toEqual([
    "mean-0-variance-0.5-seed-1",
    "mean-2-variance-0.5-seed-1",
    "mean-0-variance-5-seed-1",
    "mean-2-variance-5-seed-1",
    "mean-0-variance-0.5-seed-3",
  ]);
});

test("bad grids are refused", () => {
  const refusal = (means: number[]) => () => sweepGrid({ means, variances: [0], seeds: [0] });
  expect(refusal([])).toThrow("expected weights of the mean, got none");
  expect(refusal([1, 0, 1])).toThrow("expected different weights of the mean, got 1 twice");
  expect(refusal([0, -0])).toThrow("got 0 twice");
  expect(refusal(Array.from({ length: 1001 }, (_, i) => i))).toThrow("at most 1000 sets of samples, got 1001");
});

test("every cell is measured, and saved as it was", async () => {
  const told: number[][] = [];
  const first = await sweep({ onCell: (...done) => told.push(done) });
  expect(drawn).toEqual(names(cellsOf(grid)));
  expect(told.at(-1)).toEqual([4, 4]);
  const second = await sweep();
  expect(drawn).toHaveLength(4);
  expect(second).toEqual(first);
  expect(second.cells.map(({ result }) => result.quality[0].value)).toEqual([0, 10, 5, 15]);
  expect(second.cells[3].pictures?.images).toEqual(new Uint8Array(12).fill(15));
});

test("an interrupted sweep goes on where it stopped", async () => {
  const interruption = new AbortController();
  const onCell = (done: number) => done === 2 && interruption.abort(new Error("stop"));
  await expect(sweep({ signal: interruption.signal, onCell })).rejects.toThrow("stop");
  expect(drawn).toEqual(names(cellsOf(grid)).slice(0, 2));
  await sweep();
  expect(drawn).toEqual(names(cellsOf(grid)));
});

test("a larger grid takes the cells that are there", async () => {
  await sweep();
  drawn = [];
  const larger = sweepGrid({ means: [0, 1, 2], variances: [0, 5], seeds: [0] });
  expect((await sweep({ grid: larger })).cells).toHaveLength(6);
  expect(drawn).toEqual(["mean-2-variance-0-seed-0", "mean-2-variance-5-seed-0"]);
});

test("other settings are refused by name, and nothing is measured or lost", async () => {
  await sweep();
  drawn = [];
  await expect(sweep({ settings: { model: "abc", count: 200, label: "1" } })).rejects.toThrow(
    `Expected the settings that the cells in ${folder} were measured with, got others:\n` +
      "  count: 100 there, 200 now\n  label: nothing there, 1 now\nGive the same settings",
  );
  await sweep({ settings: { count: 100, model: "abc" } }); // the order says nothing
  expect(drawn).toEqual([]);
});

test("cells that are damaged, of other settings or another cell's are measured again", async () => {
  const planned = cellsOf(grid);
  const before = await sweep();
  truncateSync(at(planned[0], "json"), 40);
  rmSync(at(planned[1], "npz"));
  const other = readFileSync(at(planned[2], "json"), "utf8").replace(/[0-9a-f]{64}/, "0".repeat(64));
  writeFileSync(at(planned[2], "json"), other);
  writeFileSync(at(planned[3], "json"), readFileSync(at(planned[0], "json")));
  drawn = [];
  const after = await sweep();
  expect(drawn).toEqual(names(planned));
  expect(after.cells.map(({ result }) => result.quality)).toEqual(before.cells.map(({ result }) => result.quality));
});

test("where the model overflows the sweep goes on, and says so ever after", async () => {
  const measure: SweepOptions["measure"] = async (cell) => {
    drawn.push(cellName(cell));
    if (cell.variance === 5) throw new NonFiniteOutputError("Expected pixels, got NaN");
    return {
      quality: [{ metric: "kid", name: "KID", value: Number.NaN }],
      pictures: { images: new Uint8Array(12), count: 1, resolution: 2 },
      clamped: 0,
    };
  };
  await sweep({ measure });
  const { cells } = await sweep({ measure });
  expect(drawn).toHaveLength(4);
  expect(cells.map(({ result }) => result.failure)).toEqual([
    undefined,
    undefined,
    "Expected pixels, got NaN",
    "Expected pixels, got NaN",
  ]);
  expect(cells[0].result.quality).toEqual([{ metric: "kid", name: "KID", value: Number.NaN }]);
  expect(cells[2].pictures).toBeUndefined();
});

test("another failure ends the sweep and leaves no part of a cell", async () => {
  const measure = async () => {
    throw new RangeError("a bug");
  };
  await expect(sweep({ measure })).rejects.toThrow("a bug");
  expect(readdirSync(join(folder, "cells"))).toEqual([]);
});

test("a folder with something else in the place of the settings is refused", async () => {
  writeFileSync(join(folder, "sweep.json"), "{}");
  await expect(sweep()).rejects.toThrow(`Expected the settings of a sweep in ${join(folder, "sweep.json")}`);
  expect(existsSync(join(folder, "cells", "mean-0-variance-0-seed-0.json"))).toBe(false);
});
