import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type MlflowServer, startMlflow } from "../../test/support/mlflow-server.js";
import { fixtureMetrics } from "../../test/support/report-fixture.js";
import { resolvePreset } from "../config/index.js";
import { packagePath } from "../package-folder.js";
import { scalarsOf } from "../report/curves.js";
import type { TrainingEvent } from "../training/events.js";
import { type RunLine, readMetrics, type TrainLine } from "../training/run/metrics-log.js";
import { type MlflowOptions, mlflowListener, sendToMlflow } from "./mlflow.js";

let mlflow: MlflowServer;

beforeAll(async () => {
  mlflow = await startMlflow();
});
afterAll(() => mlflow.close());
beforeEach(() => {
  for (const name of ["TRACKING_URI", "TRACKING_TOKEN", "TRACKING_USERNAME", "TRACKING_PASSWORD", "EXPERIMENT_NAME"])
    vi.stubEnv(`MLFLOW_${name}`, undefined);
  vi.stubEnv("NO_PROXY", "*");
  Object.assign(mlflow, { experiments: [], runs: [], authorizations: [], fault: undefined });
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const options = (more: Partial<MlflowOptions> = {}): MlflowOptions => ({
  ...{ url: mlflow.url, name: "mine", patience: { idleMs: 200, pauseMs: 1 } },
  ...more,
});
const config = resolvePreset("emoji32-small");
const lines = fixtureMetrics();
const run = lines.find((line) => line.type === "run") as RunLine;
const train = lines.find((line) => line.type === "train") as TrainLine;
const start: TrainingEvent = { type: "start", config, run, step: 0, totalSteps: null };
const metrics = (step: number, more: Partial<TrainLine> = {}): TrainingEvent => ({
  type: "metrics",
  line: { ...train, step, ...more },
});

/** What the server has of a run, by tag. */
const curve = (index: number, key: string) =>
  mlflow.runs[index].metrics.filter((metric) => metric.key === key).map(({ step, value }) => [step, value]);

test("the log of a run arrives whole, with its settings, and under the times when it was measured", async () => {
  const sent = await sendToMlflow("pretrained:emoji32", options());
  const log = readMetrics(packagePath("pretrained/emoji32/metrics.jsonl"));
  const [tracked] = mlflow.runs;
  expect(sent.page).toBe(`${mlflow.url}/#/experiments/0/runs/0`);
  expect(tracked).toMatchObject({ name: "mine", status: "FINISHED" });
  expect(tracked.params).toMatchObject({ preset: "emoji32", data: "emoji", trainImages: "1940" });
  expect(tracked.params["training.batchSize"]).toBe("16");
  const trained = log.filter((line) => line.type === "train");
  expect(curve(0, "train/learning_rate")).toEqual(trained.map(({ step, learningRate }) => [step, learningRate]));
  expect(curve(0, "validation/bound_bits_per_dim").at(-1)![1]).toBeCloseTo(3.108, 3);
  const [first] = tracked.metrics;
  expect(new Date(first.timestamp).toISOString()).toMatch(/^2026-11-23T13:48:18/);
  expect(mlflow.experiments).toEqual(["strata"]);
  await sendToMlflow("pretrained:emoji32", options());
  expect(mlflow.experiments).toEqual(["strata"]); // found again
  expect(mlflow.runs).toHaveLength(2);
});

test("a run is sent while it trains, and ends as it ended", async () => {
  const listener = mlflowListener(32, options({ experiment: "my 'own'" }));
  await listener.onEvent(start);
  for (let step = 1; step <= 300; step++) await listener.onEvent(metrics(step));
  await listener.onEvent(metrics(301, { lossNats: Number.NaN }));
  await listener.close("KILLED");
  await listener.close("FAILED");
  const [tracked] = mlflow.runs;
  expect(tracked.status).toBe("KILLED");
  const { "train/loss_bits_per_dim": loss } = scalarsOf(train, 32);
  expect(curve(0, "train/loss_bits_per_dim")).toEqual(Array.from({ length: 300 }, (_, i) => [i + 1, loss]));
  expect(curve(0, "train/gradient_norm")).toHaveLength(301);
});

test("training neither waits for a silent server nor ends with it; that is told once", async () => {
  mlflow.fault = () => {};
  const notices: string[] = [];
  const listener = mlflowListener(32, options({ onNotice: (message) => notices.push(message) }));
  const startMs = performance.now();
  await listener.onEvent(start);
  for (let step = 1; step <= 100; step++) await listener.onEvent(metrics(step));
  expect(performance.now() - startMs).toBeLessThan(150);
  await listener.close("FINISHED");
  expect(notices).toEqual([
    expect.stringMatching(
      /6 attempts in a row failed.*Training continues without MLflow; the run's log has everything\.$/,
    ),
  ]);
  expect(notices[0]).not.toContain("`from`");
});

test.each<[string, MlflowServer["fault"], RegExp]>([
  ["is none", (_, response) => response.writeHead(200).end("<html>"), /its answer is no JSON/],
  ["answers something else", (_, response) => response.writeHead(200).end('{"run": 3}'), /it answers something else/],
  ["refuses", (_, response) => response.writeHead(403).end('{"message": "no entry"}'), /it says 403: no entry/],
  [
    "sends without end",
    (_, response) => response.writeHead(200).end(Buffer.alloc(2 ** 21, " ")),
    /Expected at most 1\.0 MiB/,
  ],
])("a server that %s is named in one sentence", async (_, fault, message) => {
  mlflow.fault = fault;
  await expect(sendToMlflow("pretrained:emoji32", options())).rejects.toThrow(message);
});

test("where the server is and who we are comes from the environment, as for MLflow's own programs", async () => {
  await expect(sendToMlflow("pretrained:emoji32", { name: "x" })).rejects.toThrow(
    /Expected the address of an MLflow server/,
  );
  expect(() => mlflowListener(32, { name: "x" })).toThrow(/Expected the address/);
  vi.stubEnv("MLFLOW_TRACKING_URI", mlflow.url);
  vi.stubEnv("MLFLOW_TRACKING_TOKEN", "secret");
  vi.stubEnv("MLFLOW_EXPERIMENT_NAME", "another");
  await sendToMlflow("pretrained:emoji32", { name: "x" });
  expect(new Set(mlflow.authorizations)).toEqual(new Set(["Bearer secret"]));
  expect(mlflow.experiments).toEqual(["another"]);
  mlflow.authorizations = [];
  const { page } = await sendToMlflow("pretrained:emoji32", { name: "x", url: mlflow.url.replace("//", "//me:pass@") });
  expect(new Set(mlflow.authorizations)).toEqual(new Set([`Basic ${btoa("me:pass")}`]));
  expect(page).not.toContain("pass");
});
