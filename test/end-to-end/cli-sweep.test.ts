/** @file The guidance sweep by the command line: measured, interrupted, resumed, refused, through a cascade. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { readNpz } from "../../src/io/numpy/npz.js";
import { initialise, modelParameters } from "../../src/model/index.js";
import { outputChannels } from "../../src/objective/output-layers.js";
import { saveModel } from "../../src/training/run/save-model.js";
import { discs, sharedStrata, start, temporaryFolder } from "../support/command-line.js";
import { fixture } from "../support/fixtures.js";
import { tinyConfig } from "../support/tiny.js";
import { until } from "../support/until.js";

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder, ...names);
const { classes } = fixture("superres16").config.model;

/** Runs a command that must succeed, and gives its result. */
async function done(...words: string[]) {
  const { code, stdout, stderr } = await sharedStrata(...words, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** A model of 8×8 images with random weights. */
async function save(name: string, count: number) {
  const config = tinyConfig({ model: { classes: count } });
  const names = Array.from({ length: count }, (_, index) => `class ${index}`);
  const data = { name: "discs", count: 0, classes: names, classCounts: names.map((_, index) => index) };
  const parameters = initialise(modelParameters(config.model, outputChannels(config.objective)), 1);
  await saveModel(at(name), { config, data }, { ema: parameters });
}

beforeAll(async () => {
  await discs(at("discs"), ["red", "blue"], 20);
  await save("base", classes);
  await save("unlabelled", 0);
});

const sweep = (out: string, ...words: string[]) => [
  ...["sweep", "guidance", "--run", at("base"), "--data", at("discs"), "--features", "pixels", "--out", at(out)],
  ...["--mean", "0,2", "--variance", "0,1", "--count", "12", ...words],
];

const cell = (out: string, name: string) => at(out, "cells", `${name}.json`);

/** The pixels of an array of images, [N, 3, R, R] or [N, R, R, 3], image by image and channel by channel. */
function pixelsOf(path: string, name: string): number[] {
  const { data, shape } = readNpz(readFileSync(path)).get(name)!;
  const [count, first, side] = shape;
  const place = (image: number, channel: number, pixel: number) =>
    first === 3 ? (image * 3 + channel) * side ** 2 + pixel : (image * side ** 2 + pixel) * 3 + channel;
  return Array.from({ length: count * 3 * side ** 2 }, (_, i) => {
    const [plane, pixel] = [Math.floor(i / side ** 2), i % side ** 2];
    return Number(data[place(Math.floor(plane / 3), plane % 3, pixel)]);
  });
}

test("an interrupted sweep keeps its cells, and the same command resumes it", async () => {
  const { child, ended } = start(...sweep("sweep"), "--seeds", "3,4");
  const first = cell("sweep", "mean-0-variance-0-seed-3");
  await until(() => existsSync(first));
  child.kill("SIGINT");
  const { code, stderr } = await ended;
  expect([code, stderr]).toEqual([130, expect.stringContaining("run the same command to resume")]);
  expect(existsSync(at("sweep", "report.html"))).toBe(false);
  const kept = statSync(first).mtimeMs;

  const result = await done(...sweep("sweep"), "--seeds", "3,4");
  expect(statSync(first).mtimeMs).toBe(kept);
  expect(result.cells).toHaveLength(8);
  expect(result.best.spread.deviation).toBeGreaterThanOrEqual(0);
  expect(readdirSync(at("sweep")).sort()).toEqual(
    [
      ...["cells", "heat-map-fid.png", "heat-map-precision.png", "heat-map-recall.png", "metrics.json", "report.html"],
      ...["samples-both.png", "samples-mean.png", "samples-variance.png", "sweep.json", "table.csv", "table.md"],
      "trade-off.png",
    ].sort(),
  );
  const again = await sharedStrata(...sweep("sweep"), "--seeds", "3,4");
  expect(again.stdout).toContain("| Fréchet distance (pixels): variance ↓ mean → | 0 | 2 |");
  expect(again.stdout).not.toContain("FID:");
  expect(JSON.parse(readFileSync(at("sweep", "metrics.json"), "utf8")).cells).toEqual(result.cells);
  const changed = await sharedStrata(...sweep("sweep"), "--seeds", "3,4", "--temperature", "0.5");
  expect([changed.code, changed.stderr]).toEqual([2, expect.stringContaining("temperature: 1 there, 0.5 now")]);
});

test("a cell's samples are those that the model draws at its weights", async () => {
  await done(...sweep("plain", "--seed", "3"));
  for (const [name, weights] of [
    ["mean-0-variance-0-seed-3", []],
    ["mean-2-variance-1-seed-3", ["--guidance", "2,1"]],
  ] as const) {
    await done("sample", "--run", at("base"), "--seed", "3", "--count", "8", "--out", at("samples.npz"), ...weights);
    expect(pixelsOf(at("plain", "cells", `${name}.npz`), "pictures")).toEqual(pixelsOf(at("samples.npz"), "arr_0"));
  }
});

test("a cascade is swept in both of its models", async () => {
  writeFileSync(at("superres16.json"), JSON.stringify(fixture("superres16").config));
  const weights = join("test", "fixtures", "superres16", "weights.pt");
  await done("import", weights, "--config", at("superres16.json"), "--out", at("superres16"));
  await discs(at("larger"), ["red", "blue"], 8, 16);
  const words = ["--superres", at("superres16"), "--mean", "0,2", "--variance", "1", "--count", "4"];
  const { settings, cells } = await done(...sweep("cascade", "--data", at("larger"), ...words));
  expect(settings["super-resolution model"]).toMatch(/^[0-9a-f]{16}$/);
  const [plain, guided] = cells.map(({ quality }: { quality: { value: number }[] }) => quality[0].value);
  expect(plain).not.toBe(guided);
  expect(readdirSync(at("cascade"))).not.toContain("samples-both.png");
});

test.each([
  ["no number", ["--mean", "0,x"], "--mean 0,x: expected weights separated by commas"],
  ["one weight twice", ["--mean", "1,1"], "expected different weights of the mean, got 1 twice"],
  ["a model without classes", ["--run", "unlabelled"], "Guidance needs a model with classes"],
  ["another guidance", ["--guidance", "1"], "--guidance: the sweep sets it"],
  ["samples without label", ["--label", "none"], "--label none: expected labels"],
  ["a metric that these features do not allow", ["--metrics", "sfid"], "--metrics sfid: pixels features have no"],
])("%s is refused in one message", async (_, words, message) => {
  const own = words.map((word) => (word === "unlabelled" ? at(word) : word));
  const { code, stdout, stderr } = await sharedStrata(...sweep("never", "--quiet", ...own));
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(existsSync(at("never"))).toBe(false);
});
