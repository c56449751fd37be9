import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fixtureMetrics } from "../../test/support/report-fixture.js";
import { tinyConfig } from "../../test/support/tiny.js";
import type { TrainingEvent } from "../training/events.js";
import type { RunLine, ValidationLine } from "../training/run/metrics-log.js";
import { ReportKeeper } from "./report-keeper.js";

const metrics = fixtureMetrics();
const start: TrainingEvent = {
  type: "start",
  config: tinyConfig(),
  run: metrics[0] as RunLine,
  step: 0,
  totalSteps: 100,
};
const bound: TrainingEvent = {
  type: "validation",
  line: metrics.find((line) => line.type === "validation") as ValidationLine,
};
const step: TrainingEvent = {
  ...{
    type: "progress",
    step: 20,
    images: 320,
    seconds: 3,
    imagesPerSecond: 100,
    skips: 0,
    share: 0.1,
    secondsLeft: 27,
  },
  ...{ lossNats: 3, distortionNats: 2, klNats: 1 },
};

let run: string;
let page: string;
let notices: string[];

beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "strata-keeper-"));
  page = join(run, "report.html");
  notices = [];
  writeFileSync(join(run, "config.json"), JSON.stringify(tinyConfig()));
  writeFileSync(join(run, "metrics.jsonl"), metrics.map((line) => `${JSON.stringify(line)}\n`).join(""));
});

afterEach(() => rmSync(run, { recursive: true }));

const keeperOf = (now?: () => number) =>
  new ReportKeeper(run, { title: "A run" }, (message) => notices.push(message), now);

test("the page appears at the step after an evaluation, and never before training began", async () => {
  const keeper = keeperOf();
  expect(keeper.path).toBe(page);
  await keeper.onEvent(bound);
  expect(await keeper.write()).toBeUndefined();
  for (const event of [start, bound, bound]) await keeper.onEvent(event);
  expect(existsSync(page)).toBe(false);
  await keeper.onEvent(step);
  expect(readFileSync(page, "utf8")).toContain("<h1>A run</h1>");
  rmSync(page);
  await keeper.onEvent(step);
  expect(existsSync(page)).toBe(false); // nothing new
  expect(await keeper.write()).toBe(page);
  expect(notices).toEqual([]);
});

test("a page that takes more than a second is written at the end only", async () => {
  let nowMs = 0;
  const keeper = keeperOf(() => {
    nowMs += 1001; // between the beginning and the end of each page
    return nowMs;
  });
  for (const event of [start, bound, step]) await keeper.onEvent(event);
  rmSync(page);
  for (const event of [bound, step]) await keeper.onEvent(event);
  expect(existsSync(page)).toBe(false);
  expect(await keeper.write()).toBe(page);
});

test("training goes on where the page cannot be written, which is said once", async () => {
  mkdirSync(page); // in the way
  const keeper = keeperOf();
  for (const event of [start, bound, step, bound, step]) await keeper.onEvent(event);
  expect(await keeper.write()).toBeUndefined();
  expect(notices).toHaveLength(1);
  expect(notices[0]).toMatch(/^Expected to write .*report\.html.* Training continues without a new .*report\.html\.$/);
});

test("nor does a log that cannot be read end training", async () => {
  writeFileSync(join(run, "metrics.jsonl"), "broken\n{}\n");
  const keeper = keeperOf();
  for (const event of [start, bound, step]) await keeper.onEvent(event);
  expect(notices[0]).toContain("metrics.jsonl, line 1");
});
