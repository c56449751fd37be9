/** @file `train --tensorboard`: event files beside `metrics.jsonl`, which say the same, also after a resume. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { readMetrics } from "../../src/training/run/metrics-log.js";
import { discs, sharedStrata, temporaryFolder, tiny } from "../support/command-line.js";
import { readFolder } from "../support/tensorboard.js";

const folder = temporaryFolder();

test("a run and its continuation have a file each, which together say what the log says", async () => {
  const data = await discs(join(folder, "discs"), ["red"], 12);
  const out = join(folder, "run");
  const train = (...more: string[]) =>
    sharedStrata("train", ...tiny, "training.logEvery=1", "--data", data, "--out", out, "--tensorboard", ...more);
  const first = await train("--steps", "3");
  expect(first.code, first.stderr).toBe(0);
  const second = await train("--steps", "6", "--resume");
  expect(second.code, second.stderr).toBe(0);
  const files = readFolder(join(out, "tensorboard"));
  expect(files).toHaveLength(2);
  expect(files.map((events) => events.find(({ session }) => session === 1)?.step)).toEqual([1, 4]);
  const events = files.flat();
  const logged = readMetrics(join(out, "metrics.jsonl")).filter((line) => line.type === "train");
  const rates = events.filter(({ scalars }) => "train/learning_rate" in scalars);
  expect(rates.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(rates.map(({ scalars }) => scalars["train/learning_rate"])).toEqual(
    logged.map(({ learningRate }) => Math.fround(learningRate)),
  );
  expect(events.some(({ images }) => "pictures/samples" in images)).toBe(true);
});
