/**
 * @file Signals at every stage of training: exit code 130 within seconds, and nothing half-written; `kills.test.ts` goes on
 * from there. And readers of the output that go, which end no training.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { discs, start, strataWithin, temporaryFolder, tiny } from "../support/command-line.js";
import { tinyConfig } from "../support/tiny.js";
import { until } from "../support/until.js";

const folder = temporaryFolder();
const data = join(folder, "discs");
/** Far more than it takes here, and less than what patience with an engine that does not come back allows. */
const SECONDS = 15;

const read = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : "");
const names = (path: string) => (existsSync(path) ? readdirSync(path) : []);
const metrics = (out: string) => read(join(out, "metrics.jsonl"));

beforeAll(() => discs(data, ["red", "blue"], 100));

test.each<[name: NodeJS.Signals, stage: string, settings: string[], reached: (out: string, stderr: string) => boolean]>(
  [
    ["SIGTERM", "packing images", [], (_, stderr) => stderr.includes("packing images")],
    ["SIGQUIT", "taking the folder", [], (out) => names(out).some((name) => name.startsWith("lock-"))],
    ["SIGTERM", "tracing and creating sessions", [], (out) => names(out).includes("data.json")],
    ["SIGUSR1", "the first step", [], (out) => metrics(out).includes('"run"')],
    ["SIGHUP", "a step", [], (out) => metrics(out).includes('"step":3')],
    ["SIGXCPU", "evaluating", ["training.evaluateEvery=2"], (out) => metrics(out).includes('"step":2')],
    [
      "SIGUSR2",
      "drawing samples",
      ["training.evaluateEvery=2", "training.sampleEvery=2"],
      (out) => /"split":"train","step":2/.test(metrics(out)),
    ],
    [
      "SIGTERM",
      "writing a checkpoint",
      ["training.checkpointEvery=2"],
      (out) => names(join(out, "checkpoints")).includes(".writing-2"),
    ],
  ],
)("%s while it is %s", async (name, stage, settings, reached) => {
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
  child.kill(name);
  const result = await ended;
  const seconds = (performance.now() - sentMs) / 1000;
  expect(result.code, result.stderr).toBe(130);
  expect(seconds).toBeLessThan(SECONDS);
  expect(names(out).filter((name) => /^lock-|writing/.test(name))).toEqual([]);
  const checkpoints = names(join(out, "checkpoints"));
  expect(checkpoints.filter((name) => name.startsWith("."))).toEqual([]);
  const last = /.*"type":"train","step":(\d+)/s.exec(metrics(out))?.[1];
  if (last !== undefined) expect(checkpoints).toContain(`step-${last}`); // the last step is saved
});

describe("a reader of the output that goes", () => {
  test("leaves training alone, whose result is in its folder", async () => {
    const out = join(folder, "unread");
    const words = ["train", ...tiny, "training.logEvery=1", "--data", data, "--out", out];
    const { code } = await strataWithin('set -o pipefail; "$@" 2>&1 | head -n 1 >/dev/null', ...words);
    expect(code).toBe(0);
    expect(names(join(out, "checkpoints"))).toContain("step-8");
  });

  test("ends what prints its result quietly, as shells know it; a full disk is named", async () => {
    const words = ["inspect", join(folder, "tiny.json"), "--json"];
    writeFileSync(words[1], JSON.stringify(tinyConfig()));
    const unread = await strataWithin('set -o pipefail; "$@" | true', ...words);
    expect(unread).toEqual({ code: 141, stdout: "", stderr: "" });
    if (!existsSync("/dev/full")) return;
    const full = await strataWithin('"$@" >/dev/full', ...words);
    expect(full.code).toBe(2);
    expect(full.stderr).toMatch(/^strata: Expected to write the result to standard output, .*ENOSPC.*\n$/);
  });
});
