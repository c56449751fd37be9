import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Batches, digestOfSet } from "../../src/data/index.js";
import { Runtime } from "../../src/engine/index.js";
import type * as atomic from "../../src/io/files/atomic-file.js";
import { TrainingStopped } from "../../src/training/divergence.js";
import type { TrainingEvent } from "../../src/training/events.js";
import type * as inputThread from "../../src/training/inputs/input-thread.js";
import { stepInputs } from "../../src/training/inputs/step-inputs.js";
import { FRESH } from "../../src/training/run/counters.js";
import { NOTHING_GATHERED } from "../../src/training/run/meter.js";
import { type MetricsLine, readMetrics } from "../../src/training/run/metrics-log.js";
import { openRun } from "../../src/training/run/open-run.js";
import { initialState, saveState } from "../../src/training/run/starting-point.js";
import { type TrainOptions, train } from "../../src/training/train.js";
import { Trainer } from "../../src/training/trainer.js";
import { type Changes, discs, tinyConfig } from "../support/tiny.js";

/** Steps, counted from 0, whose last image is poisoned. */
const poisoned = vi.hoisted(() => ({ from: 0, to: 0 }));
vi.mock("../../src/training/inputs/input-thread.js", async (original) => {
  const { InputThread: Honest, ...others } = await original<typeof inputThread>();
  class Spoilt extends Honest {
    override async take(step: number) {
      const inputs = await super.take(step);
      if (step >= poisoned.from && step < poisoned.to) inputs.at(-1)!.batch.images.fill(Number.NaN);
      return inputs;
    }
  }
  return { ...others, InputThread: Spoilt };
});
/** The end of the path that the disk is full for. */
const full = vi.hoisted(() => ({ for: "" }));
vi.mock("../../src/io/files/atomic-file.js", async (original) => {
  const honest = await original<typeof atomic>();
  const writeSynced: typeof atomic.writeSynced = async (path, content) => {
    if (full.for !== "" && path.endsWith(full.for)) throw new Error("ENOSPC: no space left on device");
    return honest.writeSynced(path, content);
  };
  return { ...honest, writeSynced };
});

const data = { train: discs(32), validation: discs(8, { start: 1000 }) };
let folder: string;
let runtime: Runtime;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-health-"));
  runtime = new Runtime({ threads: 1 });
});
afterAll(async () => {
  await runtime.dispose();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  Object.assign(poisoned, { from: 0, to: 0 });
  full.for = "";
});

interface Started {
  changes?: Changes;
  options?: Partial<TrainOptions>;
}

const start = (name: string, { changes, options }: Started = {}) =>
  train({ config: tinyConfig(changes), data, out: join(folder, name), runtime, ...options });
const linesOf = (name: string) => readMetrics(join(folder, name, "metrics.jsonl"));
const checkpointsOf = (name: string) =>
  readdirSync(join(folder, name, "checkpoints"))
    .filter((step) => step.startsWith("step-"))
    .map((step) => Number(step.slice("step-".length)))
    .sort((a, b) => a - b);
const manifestPath = (name: string, step: number) => join(folder, name, "checkpoints", `step-${step}`, "manifest.json");

/** The lines of a log without what depends on time. */
const untimed = (lines: MetricsLine[]) =>
  lines.flatMap((line) => (line.type === "run" ? [] : [{ ...line, seconds: 0, imagesPerSecond: 0, dataWaitShare: 0 }]));

test("a batch that gives NaN is counted and logged, and leaves the weights as if it had not been seen", async () => {
  Object.assign(poisoned, { from: 2, to: 3 });
  const events: TrainingEvent[] = [];
  const onEvent = (event: TrainingEvent) => void events.push(event);
  const result = await start("once", { options: { limit: { steps: 5 }, onEvent } });
  expect(result).toMatchObject({ step: 5, updates: 4, skips: 1 });
  const skips = linesOf("once").filter(({ type }) => type === "skip");
  expect(skips).toEqual([
    expect.objectContaining({ step: 3, images: 24, reason: "non-finite loss", consecutive: 1, lossNats: Number.NaN }),
  ]);
  expect(skips[0]).toHaveProperty("groupKlNats.length", 3);
  expect(events.filter(({ type }) => type === "skip")).toEqual([{ type: "skip", line: skips[0] }]);
  const means = linesOf("once").find((line) => line.type === "train")!;
  expect(means).toMatchObject({ skips: 1, lossNats: expect.any(Number) });
  expect(means.lossNats).toBeGreaterThan(0); // not NaN

  const config = tinyConfig();
  const batches = new Batches(data.train, config.training);
  const trainer = await Trainer.create(config, runtime, FRESH, initialState(config));
  for (const step of [0, 1, 3, 4]) await trainer.step(stepInputs(config, step, batches.batch(step)));
  const { parameters } = await openRun(join(folder, "once"), { weights: "raw" });
  expect(parameters).toEqual((await trainer.read("parameters")).parameters);
  await trainer.dispose();
});

describe("NaN for ever", () => {
  const changes = { training: { maxConsecutiveSkips: 4, checkpointEvery: 2 } };
  const text = (name: string, file: string) => readFileSync(join(folder, name, file), "utf8");

  test("ends training with what was seen, and the last good checkpoint untouched", async () => {
    Object.assign(poisoned, { from: 5, to: 1000 });
    const stopped = await start("ever", { changes, options: { limit: { steps: 50 } } }).catch((error) => error);
    expect(stopped).toBeInstanceOf(TrainingStopped);
    const { message } = stopped as Error;
    const checkpoint = join(folder, "ever", "checkpoints", "step-4");
    expect(message).toContain("Training stopped at step 9: 4 updates in a row were skipped");
    expect(message).toContain("this one because of a non-finite loss.");
    expect(message).toMatch(/loss NaN nats an image: distortion NaN, KL (NaN|[\d.]+) /);
    expect(message).toMatch(/gradient norm NaN; up to 57600 is let through/);
    expect(message).toMatch(/KL by latent group: \d \(\d²\) /);
    expect(message).toMatch(/gradients by layer: not finite in \d+ of \d+ \(.*(encoder|generator)\./);
    expect(message).toMatch(/weights by layer: largest \S+ [\d.]+/);
    expect(message).toContain(`the last good checkpoint is ${checkpoint}.`);
    expect(message).toContain("with a smaller learning rate (`optimizer.maxLearningRate=0.002`)");
    expect(stopped).toMatchObject({ code: "diverged", details: { checkpoint, maxLearningRate: 0.002 } });
    expect(checkpointsOf("ever")).toEqual([2, 4]);

    const steps = linesOf("ever").flatMap((line) => (line.type === "skip" ? [[line.step, line.consecutive]] : []));
    expect(steps).toEqual([6, 7, 8, 9].map((step) => [step, step - 5]));
    const diagnosis = JSON.parse(text("ever", "diagnostics-step-9.json"));
    expect(diagnosis).toMatchObject({ step: 9, updates: 5, skips: 4, consecutiveSkips: 4, checkpoint });
    expect(diagnosis.losses.lossNats).toBe("NaN");
    expect(diagnosis.groups).toHaveLength(3);
    expect(diagnosis.gradients[0].nonFinite).toBeGreaterThan(0);
    expect(diagnosis.weights.every(({ nonFinite }: { nonFinite: number }) => nonFinite === 0)).toBe(true);
    expect(diagnosis.weights).toHaveLength(diagnosis.gradients.length);
  });

  test("goes on from there to the same weights once the cause is gone", async () => {
    const resumed = await start("ever", { changes, options: { limit: { steps: 12 }, resume: true } });
    expect(resumed).toMatchObject({ step: 12, updates: 12, skips: 0 });
    await start("never", { changes, options: { limit: { steps: 12 } } });
    for (const file of ["parameters", "optimizer", "ema"]) {
      const bytes = (name: string) => text(name, `checkpoints/step-12/${file}.safetensors`);
      expect(bytes("ever") === bytes("never")).toBe(true);
    }
    expect(untimed(linesOf("ever"))).toEqual(untimed(linesOf("never")));
  });

  test("counts on after a stop amid skipped updates, and deletes nothing there", async () => {
    Object.assign(poisoned, { from: 5, to: 1000 });
    const few = { training: { ...changes.training, keepCheckpoints: 1 } };
    await start("amid", { changes: few, options: { limit: { steps: 7 } } });
    expect(JSON.parse(readFileSync(manifestPath("amid", 7), "utf8"))).toMatchObject({ skips: 2, consecutiveSkips: 2 });
    expect(checkpointsOf("amid")).toEqual([4, 7]);
    const resumed = start("amid", { changes: few, options: { limit: { steps: 50 }, resume: true } });
    await expect(resumed).rejects.toThrow(/stopped at step 9: 4 updates.*the last good checkpoint is \S+step-4\./s);
  });

  test("says so when there is no checkpoint yet, and names weights that overflow", async () => {
    const { parameters } = initialState(tinyConfig());
    const initial = structuredClone(parameters);
    initial.generator.output.bias.fill(1e30); // its square overflows
    const stopped = start("spoilt", { changes, options: { initial } });
    await expect(stopped).rejects.toThrow(/There is no checkpoint of an update yet.*start again with a smaller/);
    await expect(stopped).rejects.toThrow(/weights by layer: largest generator\.output [\d.]+ · 10³⁰/);
    expect(existsSync(join(folder, "spoilt", "checkpoints"))).toBe(false);
  });
});

describe("a norm above the threshold for ever", () => {
  const training = { maxConsecutiveSkips: 3 };

  test("ends training too, and a larger threshold lets the run go on", async () => {
    const config = tinyConfig({ training });
    const counters = { ...FRESH, step: 1000, images: 8000, updates: 1000 }; // a large norm is no reason to skip before
    const trainer = await Trainer.create(config, runtime, counters, initialState(config));
    const identity = { count: data.train.count, digest: digestOfSet(data.train) };
    await saveState(join(folder, "large"), identity, trainer, NOTHING_GATHERED);
    await trainer.dispose();
    const small = { training, optimizer: { skipThreshold: 1e-6 } };
    const stopped = start("large", { changes: small, options: { resume: true, limit: { steps: 1050 } } });
    await expect(stopped).rejects.toThrow("this one because of a norm above the threshold.");
    await expect(stopped).rejects.toThrow(
      "if loss and pictures were still becoming better, resume with a larger threshold (`optimizer.skipThreshold=0.000002`)",
    );
    await expect(stopped).rejects.toThrow(/gradients by layer: largest \S+ [\d.]+/);
    const again = await start("large", { changes: { training }, options: { resume: true, limit: { steps: 1004 } } });
    expect(again).toMatchObject({ step: 1004, updates: 1004, skips: 0 });
  });
});

describe("the best on held-out images", () => {
  const changes: Changes = { training: { evaluateEvery: 3, checkpointEvery: 5, keepCheckpoints: 1, logEvery: 4 } };
  const boundsOf = (name: string) =>
    linesOf(name).flatMap((line) => (line.type === "validation" && line.split === "validation" ? [line] : []));

  test("is saved where it was measured, kept, and opened as best", async () => {
    const result = await start("best", { changes, options: { limit: { steps: 11 } } });
    const bounds = boundsOf("best");
    expect(bounds.map(({ step }) => step)).toEqual([3, 6, 9, 11]);
    const smallest = bounds.reduce((a, b) => (b.bitsPerDim < a.bitsPerDim ? b : a));
    expect(result.best).toEqual({ step: smallest.step, bitsPerDim: smallest.bitsPerDim });
    expect(await openRun(join(folder, "best"), { checkpoint: "best" })).toMatchObject({ step: smallest.step });
    expect(checkpointsOf("best")).toEqual([...new Set([smallest.step, 11])]);
  });

  test("stays when later ones are worse, is told of once, and is found again when the run goes on", async () => {
    Object.assign(poisoned, { from: 6, to: 1000 }); // nothing changes any more: never better
    const stuck = { training: { ...changes.training, steps: 20, maxConsecutiveSkips: 1000 } };
    const notices: string[] = [];
    const onEvent = (event: TrainingEvent) => void (event.type === "notice" && notices.push(event.message));
    await start("stuck", { changes: stuck, options: { limit: { steps: 16 }, onEvent } });
    expect(checkpointsOf("stuck")).toContain(6);
    expect(linesOf("stuck").filter(({ type }) => type === "plateau")).toMatchObject([
      { step: 15, bestStep: 6, evaluations: 3 },
    ]);
    const result = await start("stuck", { changes: stuck, options: { limit: { steps: 20 }, resume: true, onEvent } });
    expect(result.best?.step).toBe(6);
    expect(notices).toEqual([expect.stringMatching(/^step 15: .*since step 6 .*`checkpoint: "best"`/)]);
    expect(linesOf("stuck").filter(({ type }) => type === "plateau")).toHaveLength(1);
  });

  test("and the whole log are those of an undisturbed run, wherever it was stopped", async () => {
    const limited = (steps: number, more: Partial<TrainOptions> = {}) => ({ limit: { steps }, ...more });
    await start("whole", { changes, options: limited(18) });
    for (const stop of [5, 6, 7]) {
      const controller = new AbortController();
      const name = `stopped-${stop}`;
      const onEvent = (event: TrainingEvent) => {
        if (event.type === "progress" && event.step === stop) controller.abort();
      };
      const { signal } = controller;
      expect(await start(name, { changes, options: limited(18, { signal, onEvent }) })).toMatchObject({ step: stop });
      expect(linesOf(name).at(-1)).toMatchObject({ type: "train", step: stop });
      await start(name, { changes, options: limited(18, { resume: true }) });
      expect(untimed(linesOf(name))).toEqual(untimed(linesOf("whole")));
      expect(readFileSync(manifestPath(name, 18), "utf8")).toBe(readFileSync(manifestPath("whole", 18), "utf8"));
    }
  });
});

test("after a crash amid writing the log a run that goes on leaves the log of an undisturbed one", async () => {
  Object.assign(poisoned, { from: 12, to: 13 });
  const changes = { training: { evaluateEvery: 6, checkpointEvery: 5, keepCheckpoints: 9, logEvery: 3 } };
  const options = { limit: { steps: 17 } };
  await start("undisturbed", { changes, options });
  const log = readFileSync(join(folder, "undisturbed", "metrics.jsonl"), "utf8");
  const afterTen = log.indexOf('{"type":"train","step":12');
  for (const length of [afterTen, afterTen + 30, log.indexOf('"reason"'), log.length - 1, log.length]) {
    const name = `crashed-at-${length}`;
    cpSync(join(folder, "undisturbed"), join(folder, name), { recursive: true });
    for (const step of checkpointsOf(name).filter((step) => step > 10)) {
      rmSync(join(folder, name, "checkpoints", `step-${step}`), { recursive: true });
    }
    writeFileSync(join(folder, name, "metrics.jsonl"), log.slice(0, length));
    await start(name, { changes, options: { ...options, resume: true } });
    const rows = readFileSync(join(folder, name, "metrics.jsonl"), "utf8")
      .trimEnd()
      .split("\n");
    const reread = rows.map((row) => JSON.parse(row)).filter(({ type }) => type !== "run");
    expect(reread).toHaveLength(untimed(linesOf("undisturbed")).length); // in the file itself
    expect(untimed(linesOf(name))).toEqual(untimed(linesOf("undisturbed")));
    expect(checkpointsOf(name)).toEqual(checkpointsOf("undisturbed"));
    expect(readFileSync(manifestPath(name, 17), "utf8")).toBe(readFileSync(manifestPath("undisturbed", 17), "utf8"));
  }
});

test("a checkpoint that cannot be written deletes none", async () => {
  const changes = { training: { checkpointEvery: 2, keepCheckpoints: 1, keepEvery: 4 } };
  const unmeasured = { train: data.train, validation: discs(0) }; // so that none is the best
  const until = (steps: number, resume = true) =>
    start("full", { changes, options: { limit: { steps }, resume, data: unmeasured } });
  await until(6, false);
  expect(checkpointsOf("full")).toEqual([4, 6]);
  for (const part of ["parameters.safetensors", "manifest.json"]) {
    full.for = join(".writing-8", part);
    await expect(until(8)).rejects.toThrow("ENOSPC");
    expect(checkpointsOf("full")).toEqual([4, 6]);
  }
  full.for = "";
  await until(8);
  expect(checkpointsOf("full")).toEqual([4, 8]);
});
