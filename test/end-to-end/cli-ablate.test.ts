/** @file The ablation by the command line: four runs, measured once, resumed, and reported. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { discs, sharedStrata, temporaryFolder, tiny } from "../support/command-line.js";

const folder = temporaryFolder();
const data = join(folder, "discs");
const out = join(folder, "ablation");
/** One level: what each run draws and measures with is traced for that run. */
const level = { resolution: 8, channels: 8, encoderBlocks: 1, stochasticLayers: 1 };
const small = [...tiny, `model.levels=${JSON.stringify([level])}`];
const words = ["ablate", ...small, "--data", data, "--out", out, "--count", "16", "--features", "pixels"];

beforeAll(() => discs(data, ["red", "blue"], 40));

async function ablate(...more: string[]) {
  const { code, stdout, stderr } = await sharedStrata(...words, ...more, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

const rows = ["baseline", "information-schedule", "gaussian-output", "both"];
const configOf = (row: string) => JSON.parse(readFileSync(join(out, row, "config.json"), "utf8"));

test("four runs that differ in two settings, a table, a report; the same command again does nothing twice", async () => {
  const first = await ablate("--steps", "4");
  expect(first.rows.map(({ row }: { row: string }) => row)).toEqual(rows);
  const outputs = rows.map((row) => configOf(row).objective.output);
  expect(outputs).toEqual(["logistic-mixture", "logistic-mixture", "gaussian", "gaussian"]);
  const schedules = rows.map((row) => configOf(row).objective.informationSchedule !== false);
  expect(schedules).toEqual([false, true, false, true]);
  const { objective: _, ...others } = configOf("both");
  for (const row of rows) expect(configOf(row)).toMatchObject(others);
  expect(readdirSync(out)).toEqual(expect.arrayContaining(["report.html", "table.md", "metrics.json", ...rows]));
  const table = readFileSync(join(out, "table.md"), "utf8");
  expect(table).toContain("| both | ");
  expect(table).toContain("| both | 20.82 (44.12) | "); // the paper's, under its own heading
  const page = readFileSync(join(out, "report.html"), "utf8");
  for (const heading of ["Table 1", "Samples", "Reconstructions", "Nearest training images"]) {
    expect(page).toContain(`<h2>${heading}</h2>`);
  }
  const checkpoint = join(out, "both", "checkpoints", "step-4", "manifest.json");
  const made = statSync(checkpoint).mtimeMs;
  const again = await ablate("--steps", "4");
  expect(again).toEqual(first);
  expect(statSync(checkpoint).mtimeMs).toBe(made);
});

test("more steps go on from where the runs are; several seeds make several runs of a row", async () => {
  const { rows: longer } = await ablate("--steps", "6", "--seeds", "0,7");
  expect(longer.map(({ step }: { step: number }) => step)).toEqual(new Array(8).fill(6));
  expect(longer.map(({ seed }: { seed: number }) => seed)).toEqual([0, 7, 0, 7, 0, 7, 0, 7]);
  expect(readdirSync(out)).toContain("both-seed-7");
  expect(readFileSync(join(out, "table.md"), "utf8")).toMatch(/\| both \| [\d.]+ ± [\d.]+/);
});

test.each([
  ["fewer steps than the runs have", ["--steps", "5"], "Expected at most 5 steps in"],
  ["other settings", ["--steps", "6", "--set", "optimizer.maxLearningRate=0.01"], "was made with other settings"],
  ["features that there are none of", ["--steps", "6", "--features", "vgg"], "--features vgg: expected inception"],
])("%s are refused before anything is trained", async (_, more, message) => {
  const { code, stdout, stderr } = await sharedStrata(...words, ...more);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
});
