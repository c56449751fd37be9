/** @file What latents know, by the command line. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { discs, sharedStrata, temporaryFolder, tiny } from "../support/command-line.js";

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder, ...names);
const data = at("discs");
const run = at("run");

beforeAll(async () => {
  await discs(data, ["red", "blue"], 100);
  const { code, stderr } = await sharedStrata("train", ...tiny, "--data", data, "--out", run);
  expect(code, stderr).toBe(0);
});

test("accuracies by group beside pixels, neighbours, swaps, a direction: a page, tables, pictures", async () => {
  const out = at("probed");
  const image = join(data, "red", readdirSync(join(data, "red"))[0]);
  const words = ["--images", image, image, "--direction", "red", "blue", "--seed", "3"];
  const { code, stdout, stderr } = await sharedStrata("probe", run, "--data", data, ...words, "--out", out, "--json");
  expect(code, stderr).toBe(0);
  expect(readdirSync(out).toSorted()).toEqual(
    [
      ...["probe.html", "probe.md", "probe.csv", "probe.json"],
      ...["linear-by-bits", "linear-by-groups", "nearest-by-bits", "nearest-by-groups"].map((name) => `${name}.png`),
      ...["neighbours", "swaps", "direction", "direction-control"].map((name) => `${name}.png`),
    ].toSorted(),
  );
  const json = JSON.parse(stdout);
  expect(json).toMatchObject({ classes: 2, runs: [{ name: "run", step: 8 }], differences: [] });
  for (const { linear, nearest } of [...json.runs[0].groups, json.pixels.pixels]) {
    for (const { low, accuracy, high } of [linear, nearest]) expect(low <= accuracy && accuracy <= high).toBe(true);
  }
  expect(json.runs[0].groups.at(-1).neighbours).toHaveLength(2); // of the images that were named
  expect(readFileSync(join(out, "probe.html"), "utf8")).toContain("Nearest neighbours");
});

test("features as npz and Parquet", async () => {
  for (const name of ["features.npz", "features.parquet"]) {
    const { code, stderr } = await sharedStrata("encode", "--run", run, "--data", data, "--out", at(name));
    expect(code, stderr).toBe(0);
  }
  expect(readFileSync(at("features.npz")).toString("latin1", 0, 2)).toBe("PK");
  expect(readFileSync(at("features.parquet")).toString("latin1", 0, 4)).toBe("PAR1");
});

test.each([
  [() => [run, "--direction", "red"], "--direction red: expected two classes of"],
  [() => [run, "--direction", "red", "green"], "such as"],
  [() => [run, "--images", at("nothing.png")], "Cannot read an image from"],
  [() => [run, "--label", "red"], "--label red: this model was trained without classes"],
  [() => [run, "pretrained:emoji32"], "Expected runs of one resolution"],
  [() => [at("nothing")], "Expected a run folder at"],
])("refused before anything is written: %#", async (words, says) => {
  const { code, stderr } = await sharedStrata("probe", ...words(), "--data", data, "--out", at("refused"));
  expect(code).toBe(2);
  expect(stderr).toContain(says);
  expect(existsSync(at("refused"))).toBe(false);
});
