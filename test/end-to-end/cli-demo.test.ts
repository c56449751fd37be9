/** @file The demo, with a model and a time too small to be worth looking at: it must still go all the way. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { strata, temporaryFolder, tiny } from "../support/command-line.js";

const folder = temporaryFolder();
/** A tiny model, with shares that do not name the preset's resolutions. */
const settings = [...tiny.slice(tiny.indexOf("--set")), 'objective.informationSchedule={"shares":"geometric"}'];

test("it trains, refines, keeps to its time, and ends with a report of both stages and commands to try", async () => {
  const out = join(folder, "demo");
  const { code, stdout, stderr } = await strata("demo", "--minutes", "0.1", "--out", out, ...settings);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/steps in \S+.*, then a refinement, then the report/);
  expect(stdout).toContain(join(out, "report.html"));
  expect(stdout).toContain(`strata sample --run ${out} --refined --refine-guidance 1 --label all`);
  expect(stdout).toMatch(/reconstruct --run \S+ --data glyphs --count 16 --groups 1 --out/); // as many as this model has room for

  const report = readFileSync(join(out, "report.html"), "utf8");
  expect(report.match(/data:image\/png/g)!.length).toBeGreaterThanOrEqual(10);
  expect(report).toContain("One noise a row, a class each column");
  expect(report).not.toMatch(/(src|href)="(?!data:|#)/); // complete in itself
  const names = readdirSync(join(out, "samples"));
  const refined = [1, 2, 3, 4].map((picture) => `refined-${picture}.png`);
  for (const name of ["samples-1.png", "reconstructions-1.png", "formation-1.png", ...refined]) {
    expect(names).toContain(name);
  }
  expect(readdirSync(join(out, "refinement", "samples"))).toEqual([expect.stringMatching(/^step-\d+\.png$/)]);
  expect(readFileSync(join(out, "log.txt"), "utf8")).toContain("images of glyphs to train on");

  const { training, optimizer } = JSON.parse(readFileSync(join(out, "config.json"), "utf8"));
  expect(optimizer.decaySteps).toBe(training.steps);
});

test("a folder that holds a run is left alone", async () => {
  const out = join(folder, "demo");
  expect(existsSync(join(out, "config.json"))).toBe(true);
  const { code, stderr } = await strata("demo", "--out", out);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^strata: --out .*demo: expected a folder without a run/m);
});
