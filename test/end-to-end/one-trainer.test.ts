/** @file One trainer to a run folder, also in containers: a living one is respected, a killed one followed without a word. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  discs,
  sharedStrata,
  start,
  startWithin,
  strataWithin,
  temporaryFolder,
  tiny,
} from "../support/command-line.js";
import { until } from "../support/until.js";

const folder = temporaryFolder();

/** As a container does: process numbers of its own, under the same host name. Ends with whoever started it. */
const CONTAINER = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
const hasContainers = spawnSync(CONTAINER[0], [...CONTAINER.slice(1), "true"]).status === 0;

test("a second trainer is told who has the folder; when that one is killed, it goes on without a word", async () => {
  const data = await discs(join(folder, "discs"), ["red", "blue"], 12);
  const out = join(folder, "run");
  const words = ["train", ...tiny, "training.logEvery=1", "--data", data, "--out", out, "--resume", "--steps"];
  const { child, ended } = start(...words, "100000");
  await until(() => existsSync(join(out, "checkpoints", "step-4")));
  const second = await sharedStrata(...words, "12");
  expect(second.code).toBe(2);
  expect(second.stderr).toMatch(
    new RegExp(`strata: Expected a run folder .* ${out} is held by process ${child.pid} on ${hostname()} since 20`),
  );
  const reader = await sharedStrata("inspect", out, "--json");
  expect(reader.code, reader.stderr).toBe(0);
  child.kill("SIGKILL");
  await ended;
  expect(readdirSync(out).filter((name) => name.startsWith("lock-"))).toHaveLength(1);
  const newest = Math.max(...readdirSync(join(out, "checkpoints")).map((name) => Number(name.split("-")[1]) || 0));
  const third = await sharedStrata(...words, String(newest + 8), "--quiet");
  expect(third).toMatchObject({ code: 0, stderr: "" });
  expect(readdirSync(out).filter((name) => name.startsWith("lock-"))).toEqual([]);
  expect(readFileSync(join(out, "metrics.jsonl"), "utf8")).toContain('"resumedFrom":');
});

test.runIf(hasContainers)(
  "a trainer in another PID namespace is seen, and followed at once when it is killed",
  async () => {
    const data = await discs(join(folder, "discs"), ["red", "blue"], 12);
    const out = join(folder, "shared");
    const words = ["train", ...tiny, "--data", data, "--out", out, "--quiet", "--resume", "--steps"];
    const inContainer = `exec ${CONTAINER.join(" ")} "$@"`;
    const { child, ended } = startWithin(inContainer, ...words, "100000");
    await until(() => existsSync(join(out, "checkpoints", "step-4")));
    for (const second of [strataWithin(inContainer, ...words, "12"), sharedStrata(...words, "12")]) {
      const { code, stderr } = await second;
      expect(code).toBe(2);
      expect(stderr).toContain(`${out} is held by process 1 on ${hostname()} since 20`);
      expect(stderr).toContain("It runs in another container or on another machine; its number is the one there.");
    }
    child.kill("SIGKILL");
    await ended;
    expect(readdirSync(out).filter((name) => name.startsWith("lock-"))).toHaveLength(1);
    const newest = Math.max(...readdirSync(join(out, "checkpoints")).map((name) => Number(name.split("-")[1]) || 0));
    expect(await strataWithin(inContainer, ...words, String(newest + 4))).toMatchObject({ code: 0, stderr: "" });
  },
);
