import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/support/images.js";
import { readEvaluation } from "./other-evaluations.js";

const folder = await temporaryFolder();

test("the curves of an evaluation, under the name of its folder", async () => {
  const rateDistortion = { count: 2, points: [{ allottedBitsPerDim: null, rateBitsPerDim: 1.5, rmse: 0.1 }] };
  await writeFile(join(folder, "metrics.json"), JSON.stringify({ quality: 1, rateDistortion }));
  const { name, ...curves } = await readEvaluation(`${folder}/`);
  expect(folder.endsWith(name)).toBe(true);
  expect(curves).toEqual({ rateDistortion });
});

test.each<[string, (path: string) => Promise<unknown>, string]>([
  ["nothing there", async () => {}, "cannot be read (ENOENT"],
  ["a folder", (path) => mkdir(path), "is no file"],
  ["too large a file", (path) => writeFile(path, "").then(() => truncate(path, 2 ** 24 + 1)), "has 16777217 bytes"],
  ["no JSON", (path) => writeFile(path, "{"), "is no JSON"],
  ["other figures", (path) => writeFile(path, '{ "quality": {} }'), "has neither"],
  ["other types", (path) => writeFile(path, '{ "information": 1 }'), "is not what evaluate writes"],
])("%s is refused", async (name, make, problem) => {
  const own = join(folder, name);
  await mkdir(own);
  await make(join(own, "metrics.json"));
  await expect(readEvaluation(own)).rejects.toThrow(
    `--beside ${own}: expected the folder of an evaluation with rate-distortion or information, but ${join(own, "metrics.json")} ${problem}`,
  );
});
