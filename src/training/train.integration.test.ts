import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { discs, tinyConfig } from "../../test/support/tiny.js";
import { Runtime } from "../engine/index.js";
import { UserError } from "../errors.js";
import type { TrainingEvent } from "./events.js";
import { readMetrics } from "./run/metrics-log.js";
import { picturePaths } from "./run/run-folder.js";
import { type TrainOptions, train } from "./train.js";

let runtime: Runtime;
let folder: string;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
});
afterAll(() => runtime.dispose());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-train-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const data = { train: discs(20), validation: discs(8, { start: 1000 }) };
const training = { microBatchSize: 2, logEvery: 1, evaluateEvery: 3, checkpointEvery: 100 };
const start = (name: string, options: Partial<TrainOptions> = {}) =>
  train({ config: tinyConfig({ training }), data, out: join(folder, name), runtime, resume: true, ...options });

const checkpoint = (name: string, step: number) => {
  const path = join(folder, name, "checkpoints", `step-${step}`);
  return Object.fromEntries(readdirSync(path).map((file) => [file, readFileSync(join(path, file)).toString("base64")]));
};
const measurements = (name: string) =>
  readMetrics(join(folder, name, "metrics.jsonl"))
    .filter(({ type }) => type !== "run")
    .map((line) => ({ ...line, seconds: 0, imagesPerSecond: 0, dataWaitShare: 0 }));

/** Aborts when an event comes for which `when` holds. */
function aborting(when: (event: TrainingEvent) => boolean) {
  const controller = new AbortController();
  const onEvent = (event: TrainingEvent) => {
    if (when(event)) controller.abort();
  };
  return { signal: controller.signal, onEvent };
}

test("interrupted amid an epoch, an accumulation and an evaluation, a run leaves what an undisturbed one leaves", async () => {
  const limit = { steps: 8 };
  await start("whole", { limit });
  // Amid the accumulation of the third batch, of three and a half in an epoch.
  const controller = new AbortController();
  const onEvent = (event: TrainingEvent) => {
    if (event.type === "progress" && event.step === 2) setTimeout(() => controller.abort(), 3);
  };
  const first = await start("parts", { limit, signal: controller.signal, onEvent });
  expect(first).toMatchObject({ interrupted: true });
  expect(first.step).toBeLessThan(8);
  // After the batch, before the evaluation.
  const stopped = await start("parts", {
    limit,
    ...aborting((event) => event.type === "metrics" && event.line.step === 6),
  });
  expect(stopped).toMatchObject({ step: 6, interrupted: true });
  expect(measurements("parts").filter(({ type }) => type === "validation")).toHaveLength(2); // of step 3
  // After the last batch, before the last evaluation.
  await start("parts", { limit, ...aborting((event) => event.type === "metrics" && event.line.step === 8) });
  await start("parts", { limit });
  expect(checkpoint("parts", 8)).toEqual(checkpoint("whole", 8));
  expect(measurements("parts")).toEqual(measurements("whole"));
});

test("images that are all held out are refused before anything is written", async () => {
  const starting = start("none", { data: { ...data, train: discs(0) } });
  await expect(starting).rejects.toThrow(UserError);
  await expect(starting).rejects.toThrow(
    /^Expected images to train on in .*, got none: all that it has are held out\.$/,
  );
  expect(existsSync(join(folder, "none"))).toBe(false);
});

test("pictures that a signal cut short, or a kill after the last checkpoint, are drawn when the run goes on", async () => {
  const config = tinyConfig({ training: { ...training, sampleEvery: 4 } });
  const drawn: number[] = [];
  const draw = (event: TrainingEvent) => {
    if (event.type !== "pictures") return;
    drawn.push(event.step);
    const paths = picturePaths(join(folder, "drawn"), event.step);
    for (const path of Object.values(paths)) writeFileSync(path, "");
  };
  const go = (options: Partial<TrainOptions> = {}) =>
    start("drawn", { config, limit: { steps: 6 }, onEvent: draw, ...options });
  await go(aborting((event) => event.type === "metrics" && event.line.step === 4));
  expect(drawn).toEqual([]);
  await go();
  expect(drawn).toEqual([4, 6]);
  await go();
  expect(drawn).toEqual([4, 6]);
  rmSync(picturePaths(join(folder, "drawn"), 6).reconstructions);
  await go();
  expect(drawn).toEqual([4, 6, 6]);
});

test("aborted before the first step, it throws the reason and leaves no checkpoint and no lock", async () => {
  const controller = new AbortController();
  controller.abort(new Error("not now"));
  await expect(start("early", { signal: controller.signal })).rejects.toThrow("not now");
  expect(readdirSync(join(folder, "early"))).toEqual([]);
});

test("an evaluation is in the log as a whole before anybody hears of it", async () => {
  const logged: string[][] = [];
  const onEvent = (event: TrainingEvent) => {
    if (event.type === "validation")
      logged.push(measurements("told").map((line) => ("split" in line ? line.split : line.type)));
  };
  await start("told", {
    config: tinyConfig({ training: { ...training, logEvery: 100 } }),
    limit: { steps: 3 },
    onEvent,
  });
  expect(logged).toEqual([
    ["validation", "train"],
    ["validation", "train"],
  ]);
});

test("what ended a run is told, also when its lock cannot be removed then", async () => {
  const onEvent = (event: TrainingEvent) => {
    if (event.type !== "start") return;
    const lock = readdirSync(join(folder, "stuck")).find((name) => name.startsWith("lock-"))!;
    rmSync(join(folder, "stuck", lock));
    mkdirSync(join(folder, "stuck", lock)); // which a file's removal fails for
    throw new Error("the first failure");
  };
  await expect(start("stuck", { onEvent })).rejects.toThrow("the first failure");
});

test("a folder that another trainer has is refused, one that a killed trainer left is cleaned", async () => {
  const seen: string[][] = [];
  const onEvent = async (event: TrainingEvent) => {
    if (event.type !== "start") return;
    const second = start("one");
    await expect(second).rejects.toThrow(UserError);
    await expect(second).rejects.toThrow(`one is held by process ${process.pid}`);
    seen.push(readdirSync(join(folder, "one")).filter((name) => name.startsWith("lock-")));
  };
  await start("one", { limit: { steps: 1 }, onEvent });
  expect(seen[0]).toHaveLength(1);
  const left = join(folder, "one", "checkpoints", ".writing-2");
  writeFileSync(left, "");
  await start("one", { limit: { steps: 1 } });
  expect(existsSync(left)).toBe(false);
  expect(readdirSync(join(folder, "one")).filter((name) => /^lock-|writing/.test(name))).toEqual([]);
});
