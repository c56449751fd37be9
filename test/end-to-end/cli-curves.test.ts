/** @file Curves elsewhere than in `metrics.jsonl`, which say the same: event files, and an MLflow server; while training, and from the log. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { readMetrics } from "../../src/training/run/metrics-log.js";
import { discs, sharedStrata, temporaryFolder, tiny } from "../support/command-line.js";
import { startMlflow } from "../support/mlflow-server.js";
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

test("report --tensorboard makes the same numbers of the log afterwards, with the pictures that there are", async () => {
  const run = join(folder, "run");
  const again = join(folder, "again");
  const reported = await sharedStrata("report", run, "--tensorboard", "--out", again, "--json");
  expect(reported.code, reported.stderr).toBe(0);
  expect(JSON.parse(reported.stdout).tensorboard).toMatchObject({ folder: again });
  const numbers = (place: string) =>
    readFolder(place)
      .flat()
      .flatMap(({ step, scalars }) => Object.entries(scalars).map(([tag, value]) => `${tag} ${step} ${value}`))
      .sort();
  expect(numbers(again)).toEqual(numbers(join(run, "tensorboard")));
  const [events] = readFolder(again);
  expect(events.filter(({ images }) => "pictures/samples" in images).map(({ step }) => step)).toEqual([3, 6]);
  const began = Date.parse(readMetrics(join(run, "metrics.jsonl")).find((line) => line.type === "run")!.time);
  for (const { seconds, scalars } of events) {
    if (Object.keys(scalars).length > 0) expect(Math.abs(seconds - began / 1000)).toBeLessThan(300);
  }
});

test("train --mlflow sends what the log says; report --mlflow sends it again", async () => {
  const mlflow = await startMlflow();
  const out = join(folder, "tracked");
  const data = join(folder, "discs");
  const words = ["--data", data, "--out", out, "--steps", "3", "--mlflow", mlflow.url];
  const trained = await sharedStrata("train", ...tiny, "training.logEvery=1", ...words);
  expect(trained.code, trained.stderr).toBe(0);
  const reported = await sharedStrata("report", out, "--mlflow", mlflow.url);
  mlflow.close();
  expect(reported.code, reported.stderr).toBe(0);
  expect(reported.stdout).toContain(`points for MLflow: ${mlflow.url}/#/experiments/0/runs/1`);
  const [live, later] = mlflow.runs;
  expect([live.name, live.status, later.status]).toEqual(["tracked", "FINISHED", "FINISHED"]);
  const points = ({ metrics }: typeof live) => metrics.map(({ key, step, value }) => `${key} ${step} ${value}`).sort();
  expect(points(live)).toEqual(points(later));
  expect(live.params.data).toBe("discs");
  const refused = await sharedStrata("report", out, "--mlflow", "ftp://example.org");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("Expected an http or https address, got ftp://example.org");
});
