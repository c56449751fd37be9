/** @file A search by the command line: told, trained, shown, and its result a configuration to train with. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { discs, sharedStrata, temporaryFolder, tiny } from "../support/command-line.js";

const folder = temporaryFolder();
const data = join(folder, "discs");
const out = join(folder, "tuned");
const search = (...words: string[]) =>
  sharedStrata("tune", ...tiny, "--data", data, "--out", out, "--minutes", "0.001", "--count", "16", ...words);
const rates = ["--try", "optimizer.maxLearningRate=0.003,0.00001"];

beforeAll(() => discs(data, ["red", "blue"], 12));

test("a dry run tells candidates and time, and leaves nothing", async () => {
  const { code, stdout, stderr } = await search(...rates, "objective.sigma=0.04,0.06", "--dry-run");
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/4 candidates, one seed each; rounds: 4 for 50 %, 2 for 100 % of .* of training in all/);
  expect(stderr).toContain("--by bound: what the objective weighs changes the bound");
  expect(stdout).toContain("3  optimizer.maxLearningRate=0.00001  objective.sigma=0.04");
  expect(existsSync(out)).toBe(false);
});

test("a search leaves its table, its page and a configuration; called again, it has nothing left to do", async () => {
  const { code, stdout, stderr } = await search(...rates, "--by", "kid", "--features", "pixels");
  expect(code, stderr).toBe(0);
  expect(stderr).toContain("round 1 of 1: 1 (optimizer.maxLearningRate=0.003) trains up to step 20");
  expect(stdout).toMatch(/candidate +optimizer\.maxLearningRate +after 100 %/);
  expect(stdout).toContain("One seed cannot tell whether");
  const best = join(out, "best.json");
  expect(stdout).toContain(`train --config ${best} --data ${data}`);
  const page = readFileSync(join(out, "tune.html"), "utf8");
  expect(page).toContain("The candidates");
  expect(page).toContain("data:image/png"); // the grids
  expect(readFileSync(join(out, "tune.csv"), "utf8").split("\n")).toHaveLength(4);
  const again = await search(...rates, "--by", "kid", "--features", "pixels");
  expect([again.code, again.stdout]).toEqual([0, stdout]);
  expect(again.stderr).not.toContain("round 1");
  const other = await search(...rates);
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("one of other candidates, seeds")]);
  const training = await sharedStrata(
    "train",
    "--config",
    best,
    "--data",
    data,
    "--out",
    join(folder, "r"),
    "--dry-run",
  );
  expect(training.code, training.stderr).toBe(0);
});

test.each([
  ["no list", ["--try", "sigma"], "Expected a setting and different values"],
  ["no such setting", ["--try", "objective.sigmas=1,2"], "objective.sigmas"],
  ["one candidate", ["--try", "objective.sigma=0.04"], "at least two candidates"],
])("%s is refused in one message", async (_, words, message) => {
  const { code, stderr } = await search(...words);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});
