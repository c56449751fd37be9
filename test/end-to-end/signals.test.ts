/** @file SIGTERM at every stage of training: exit code 130 within seconds, and nothing half-written; `kills.test.ts` goes on from there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { discs, start, temporaryFolder, tiny } from "../support/command-line.js";
import { until } from "../support/until.js";

const folder = temporaryFolder();
const data = join(folder, "discs");
/** Far more than it takes here, and less than what patience with an engine that does not come back allows. */
const SECONDS = 15;

const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");
const names = (path: string) => (existsSync(path) ? readdirSync(path) : []);
const metrics = (out: string) => read(join(out, "metrics.jsonl"));

beforeAll(() => discs(data, ["red", "blue"], 100));

test.each<[stage: string, settings: string[], reached: (out: string, stderr: string) => boolean]>([
  ["packing images", [], (_, stderr) => stderr.includes("packing images")],
  ["taking the folder", [], (out) => names(out).some((name) => name.startsWith("lock-"))],
  ["tracing and creating sessions", [], (out) => names(out).includes("data.json")],
  ["the first step", [], (out) => metrics(out).includes('"run"')],
  ["a step", [], (out) => metrics(out).includes('"step":3')],
  ["evaluating", ["training.evaluateEvery=2"], (out) => metrics(out).includes('"step":2')],
  [
    "drawing samples",
    ["training.evaluateEvery=2", "training.sampleEvery=2"],
    (out) => /"split":"train","step":2/.test(metrics(out)),
  ],
  [
    "writing a checkpoint",
    ["training.checkpointEvery=2"],
    (out) => names(join(out, "checkpoints")).includes(".writing-2"),
  ],
])("while it is %s", async (stage, settings, reached) => {
  const out = join(folder, stage.replaceAll(" ", "-"));
  const words = ["train", ...tiny, "training.logEvery=1", "training.microBatchSize=1", ...settings];
  const ends = ["--data", data, "--out", out, "--resume", "--steps"];
  const { child, ended } = start(...words, ...ends, "100000");
  let stderr = "";
  child.stderr!.on("data", (text: string) => {
    stderr += text;
  });
  await until(() => child.exitCode !== null || reached(out, stderr), 1);
  const sentMs = performance.now();
  child.kill("SIGTERM");
  const result = await ended;
  const seconds = (performance.now() - sentMs) / 1000;
  expect(result.code, result.stderr).toBe(130);
  expect(seconds).toBeLessThan(SECONDS);
  expect(names(out).filter((name) => /^lock-|writing/.test(name))).toEqual([]);
  expect(names(join(out, "checkpoints")).filter((name) => name.startsWith("."))).toEqual([]);
});
