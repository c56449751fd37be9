/** @file Runs beside one another by the command line. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { discs, sharedStrata, temporaryFolder, tiny } from "../support/command-line.js";

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder, ...names);
const data = at("discs");

async function trained(name: string, ...words: string[]): Promise<string> {
  const { code, stderr } = await sharedStrata("train", ...tiny, ...words, "--data", data, "--out", at(name));
  expect(code, stderr).toBe(0);
  return at(name);
}

let runs: string[];
beforeAll(async () => {
  await discs(data, ["red", "blue"], 40);
  runs = [await trained("a"), await trained("b", "training.seed=1")];
});

test("settings, curves, pictures from one noise, figures with intervals", async () => {
  const out = at("compared");
  const words = [...runs, "--data", data, "--count", "20", "--seed", "3", "--out", out];
  const { code, stdout, stderr } = await sharedStrata("compare", ...words);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^1 settings? differs?\. Look at .*compare\.html$/m);
  const kinds = ["samples", "formation", "reconstructions"].flatMap((kind) => [`${kind}-1.png`, `${kind}-2.png`]);
  expect(readdirSync(out).toSorted()).toEqual(
    [...kinds, "compare.csv", "compare.html", "compare.json", "compare.md"].toSorted(),
  );
  const json = JSON.parse(readFileSync(join(out, "compare.json"), "utf8"));
  expect(json.settings).toEqual([{ path: "training.seed", values: ["0", "1"] }]);
  expect(json.replicates).toEqual([[0, 1]]);
  expect(json.runs).toMatchObject([
    { name: "a", step: 8 },
    { name: "b", step: 8 },
  ]);
  expect(json.figures).toHaveLength(3 + 4);
  for (const { runs: estimates } of json.figures) {
    for (const { low, value, high } of estimates) expect(low <= value && value <= high).toBe(true);
  }
  expect(readFileSync(join(out, "compare.md"), "utf8")).toContain("## Over seeds");
});

test("without images only what the runs are and draw", async () => {
  const { code, stdout, stderr } = await sharedStrata("compare", runs[0], runs[0], "--out", at("same"), "--json");
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ settings: [], figures: [], runs: [{ name: runs[0] }, { name: runs[0] }] });
});

test.each([
  [() => [runs[0]], "expected at least two runs, got one"],
  [() => [runs[0], at("nothing")], "Expected a run folder at"],
  [() => [runs[0], "pretrained:emoji32", "--data", data], "expected runs of one resolution"],
])("refused before anything is written: %#", async (words, says) => {
  const { code, stderr } = await sharedStrata("compare", ...words(), "--out", at("refused"));
  expect(code).toBe(2);
  expect(stderr).toContain(says);
  expect(existsSync(at("refused"))).toBe(false);
});
