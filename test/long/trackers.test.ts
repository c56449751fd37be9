/**
 * @file Curves read by the real programs: TensorBoard, an MLflow server, and Aim, which converts TensorBoard's event files.
 *
 *     python3 -m venv trackers && trackers/bin/pip install tensorboard mlflow aim tensorflow-cpu
 *     STRATA_TEST_TRACKERS=$PWD/trackers/bin npx vitest run --project long test/long/trackers.test.ts
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readMetrics } from "../../src/training/run/metrics-log.js";
import { strata, temporaryFolder } from "../support/command-line.js";

const programs = process.env.STRATA_TEST_TRACKERS ?? "";
const has = (name: string) => existsSync(join(programs, name));
const run = (name: string, words: string[], cwd = folder) =>
  execFileSync(join(programs, name), words, {
    cwd,
    encoding: "utf8",
    timeout: 300_000,
    stdio: ["ignore", "pipe", "ignore"],
  });
const python = (code: string) => JSON.parse(run("python", ["-c", code]));

const folder = temporaryFolder();
const log = readMetrics("pretrained/emoji32/metrics.jsonl");
const trained = log.filter((line) => line.type === "train");
const bounds = log.filter((line) => line.type === "validation").filter(({ split }) => split === "validation");

async function eventFiles(): Promise<string> {
  const place = join(folder, "events", "emoji32");
  const { code, stderr } = await strata("report", "pretrained:emoji32", "--tensorboard", "--out", place);
  expect(code, stderr).toBe(0);
  return place;
}

test.skipIf(!has("tensorboard"))("TensorBoard reads every point", async () => {
  const place = await eventFiles();
  const [points, last] = python(`
import json
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(${JSON.stringify(place)}, size_guidance={"scalars": 0})
events.Reload()
last = events.Scalars("validation/bound_bits_per_dim")[-1]
print(json.dumps([[e.step for e in events.Scalars("train/loss_bits_per_dim")], [last.step, last.value]]))`);
  expect(points).toEqual(trained.map(({ step }) => step));
  const bound = bounds.at(-1)!;
  expect(last).toEqual([bound.step, Math.fround(bound.bitsPerDim)]);
});

test.skipIf(!has("mlflow"))("an MLflow server has every point", async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const words = [
    "server",
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    "--backend-store-uri",
    `sqlite:///${folder}/mlflow.db`,
  ];
  const server = spawn(join(programs, "mlflow"), words, { cwd: folder, stdio: "ignore", detached: true });
  try {
    await expect
      .poll(
        () =>
          fetch(`${url}/health`).then(
            ({ ok }) => ok,
            () => false,
          ),
        { timeout: 180_000, interval: 1000 },
      )
      .toBe(true);
    const sent = await strata("report", "pretrained:emoji32", "--mlflow", url, "--json");
    expect(sent.code, sent.stderr).toBe(0);
    const id = JSON.parse(sent.stdout).mlflow.page.split("/").at(-1);
    const get = async (route: string) => (await fetch(`${url}/api/2.0/mlflow/${route}`)).json();
    const { info, data } = (await get(`runs/get?run_id=${id}`)).run;
    expect(info).toMatchObject({ run_name: "emoji32", status: "FINISHED" });
    expect(data.params).toContainEqual({ key: "preset", value: "emoji32" });
    const { metrics } = await get(`metrics/get-history?run_id=${id}&metric_key=train/learning_rate`);
    expect(metrics.map(({ step, value }: { step: number; value: number }) => [step, value])).toEqual(
      trained.map(({ step, learningRate }) => [step, learningRate]),
    );
  } finally {
    process.kill(-server.pid!, "SIGKILL");
  }
});

test.skipIf(!has("aim") || !hasTensorFlow())("Aim converts the event files", async () => {
  const place = await eventFiles();
  const repository = join(folder, "aim");
  mkdirSync(repository);
  run("aim", ["init", "--repo", repository, "--yes"]);
  run("aim", ["convert", "--repo", repository, "tensorboard", "--logdir", join(place, "..")], repository);
  run("aim", ["storage", "--repo", repository, "reindex", "--yes"]); // its page does so by itself
  const points = python(`
import json
from aim import Repo
repository = Repo(${JSON.stringify(repository)})
[run] = list(repository.iter_runs())
curves = {m.name: m.values.sparse_numpy()[1] for m in run.metrics()}
print(json.dumps({name: sorted(values.tolist()) for name, values in curves.items()}))`);
  const sorted = (values: number[]) => values.map(Math.fround).sort((a, b) => a - b); // Aim gives them in an order of its own
  expect(points["train/learning_rate"]).toEqual(sorted(trained.map(({ learningRate }) => learningRate)));
  expect(points["validation/bound_bits_per_dim"]).toEqual(sorted(bounds.map(({ bitsPerDim }) => bitsPerDim)));
});

function hasTensorFlow(): boolean {
  try {
    run("python", ["-c", "import tensorflow"]);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
