/** @file Training, end to end: it learns, it repeats itself byte for byte, it resumes exactly, and it stops cleanly. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Runtime } from "../../src/engine/index.js";
import type { TrainingEvent } from "../../src/training/events.js";
import { readMetrics } from "../../src/training/run/metrics-log.js";
import { openRun } from "../../src/training/run/open-run.js";
import { type TrainOptions, train } from "../../src/training/train.js";
import { discs, tinyConfig, tinySuperResolution } from "../support/tiny.js";

const data = { train: discs(64), validation: discs(16, { start: 1000 }) };
let folder: string;
let runtime: Runtime;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-training-"));
  runtime = new Runtime({ threads: 2 });
});

afterAll(async () => {
  await runtime.dispose();
  rmSync(folder, { recursive: true });
});

const start = (name: string, options: Partial<TrainOptions> = {}) =>
  train({ config: tinyConfig(), data, out: join(folder, name), runtime, ...options });

/** Every file of a checkpoint, by name. */
function bytesOf(name: string, step: number): Record<string, string> {
  const path = join(folder, name, "checkpoints", `step-${step}`);
  return Object.fromEntries(readdirSync(path).map((file) => [file, readFileSync(join(path, file)).toString("base64")]));
}

const stepsOf = (name: string) => readdirSync(join(folder, name, "checkpoints")).sort();

describe("a run", () => {
  const events: TrainingEvent[] = [];

  beforeAll(async () => {
    const config = tinyConfig({ training: { evaluateEvery: 100 } });
    await start("whole", { config, limit: { steps: 200 }, onEvent: (event) => void events.push(event) });
  });

  test("learns: loss, held-out bound and reconstruction error fall", () => {
    const lines = readMetrics(join(folder, "whole", "metrics.jsonl"));
    const losses = lines.flatMap((line) => (line.type === "train" ? [line.lossNats] : []));
    expect(losses).toHaveLength(20);
    expect(losses.at(-1)).toBeLessThan(0.75 * losses[0]);
    const bounds = lines.filter((line) => line.type === "validation" && line.split === "validation");
    expect(bounds.map(({ type, ...line }) => ("step" in line ? line.step : 0))).toEqual([100, 200]);
    const [before, after] = bounds as { bitsPerDim: number; psnrDb: number; klNats: number; groupKlNats: number[] }[];
    expect(after.bitsPerDim).toBeLessThan(before.bitsPerDim);
    expect(after.psnrDb).toBeGreaterThan(before.psnrDb);
    expect(after.groupKlNats.reduce((sum, kl) => sum + kl)).toBeCloseTo(after.klNats, 3);
  });

  test("tells what it does", () => {
    const types = new Set(events.map(({ type }) => type));
    expect([...types].sort()).toEqual(["checkpoint", "metrics", "pictures", "progress", "start", "validation"]);
    const progress = events.flatMap((event) => (event.type === "progress" ? [event] : []));
    expect(progress).toHaveLength(200);
    expect(progress.at(-1)).toMatchObject({ step: 200, images: 1600, share: 1, secondsLeft: 0, skips: 0 });
    const pictures = events.flatMap((event) => (event.type === "pictures" ? [event] : []));
    expect(pictures.map(({ step }) => step)).toEqual([50, 100, 200]);
    expect(pictures[0].samples.images).toHaveLength(64 * 3 * 64);
    expect(pictures[0].originals.images).toEqual(data.validation.images.slice(0, 16 * 3 * 64));
    expect(pictures[0].reconstructions.images).not.toEqual(pictures[2].reconstructions.images);
  });

  test("leaves equal bytes when it is repeated, and when it is interrupted and resumed", async () => {
    const config = tinyConfig({ training: { evaluateEvery: 100 } });
    const first = await start("parts", { config, limit: { images: 800 } });
    expect(first).toMatchObject({ step: 100, images: 800, interrupted: false });
    const second = await start("parts", { config, limit: { steps: 200 }, resume: true });
    expect(second).toMatchObject({ step: 200, images: 1600, updates: 200 });
    expect(bytesOf("parts", 200)).toEqual(bytesOf("whole", 200));
    const third = await start("parts", { config, limit: { steps: 200 }, resume: true });
    expect(third).toMatchObject({ step: 200 });

    const other = tinyConfig({ training: { evaluateEvery: 100, seed: 1 } });
    await start("other", { config: other, limit: { steps: 2 } });
    await start("again", { config, limit: { steps: 2 } });
    expect(bytesOf("other", 2)["ema.safetensors"]).not.toEqual(bytesOf("again", 2)["ema.safetensors"]);
  });

  test("opens as a model, with averaged weights or raw ones", async () => {
    const ema = await openRun(join(folder, "whole"));
    const raw = await openRun(join(folder, "whole"), { weights: "raw", checkpoint: "best" });
    expect(ema).toMatchObject({ step: 200, data: { name: "discs", count: 64 } });
    expect(raw.step).toBe(200);
    expect(ema.parameters.encoder.input.weight).toHaveLength(8 * 3 * 9);
    expect(ema.parameters.encoder.input.weight).not.toEqual(raw.parameters.encoder.input.weight);
  });
});

test("moments in bfloat16 are resumed byte for byte", async () => {
  const config = tinyConfig({ optimizer: { stateType: "bfloat16" } });
  await start("coarse", { config, limit: { steps: 6 } });
  await start("coarse-parts", { config, limit: { steps: 3 } });
  await start("coarse-parts", { config, limit: { steps: 6 }, resume: true });
  expect(bytesOf("coarse-parts", 6)).toEqual(bytesOf("coarse", 6));
});

test("what the configuration leaves open is settled once for a run", async () => {
  const training = async (name: string) => (await openRun(join(folder, name))).config.training;
  expect(await training("whole")).toMatchObject({ microBatchSize: 8, rematerialise: false });
  await start("given", {
    limit: { steps: 1 },
    config: tinyConfig({ training: { microBatchSize: 2, rematerialise: true } }),
  });
  await start("given", { limit: { steps: 2 }, resume: true });
  expect(await training("given")).toMatchObject({ microBatchSize: 2, rematerialise: true });
});

test("a run starts from the weights that it is given", async () => {
  const { parameters } = await openRun(join(folder, "whole"), { weights: "raw" });
  await start("tuned", { initial: parameters, limit: { steps: 3 } });
  const tuned = readMetrics(join(folder, "tuned", "metrics.jsonl")).find((line) => line.type === "train");
  const first = readMetrics(join(folder, "whole", "metrics.jsonl")).find((line) => line.type === "train");
  expect(tuned!.lossNats).toBeLessThan(0.8 * first!.lossNats);
  expect(tuned!.skips).toBe(0);
});

test("a limit of time ends a run", async () => {
  const result = await start("timed", { limit: { minutes: 0.02 } });
  expect(result.interrupted).toBe(false);
  expect(result.step).toBeLessThan(1000);
});

test("only the newest checkpoints are kept, and the best", async () => {
  const config = tinyConfig({ training: { checkpointEvery: 2, keepCheckpoints: 2, evaluateEvery: 1000 } });
  await start("many", { config, limit: { steps: 10 } });
  expect(stepsOf("many")).toEqual(["step-10", "step-8"]);
});

test("a damaged checkpoint is named, and the one before it used", async () => {
  const config = tinyConfig({ training: { checkpointEvery: 2 } });
  await start("damaged", { config, limit: { steps: 4 } });
  const path = join(folder, "damaged", "checkpoints", "step-4", "ema.safetensors");
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] ^= 1;
  writeFileSync(path, bytes);
  const notices: string[] = [];
  const onEvent = (event: TrainingEvent) => void (event.type === "notice" && notices.push(event.message));
  const result = await start("damaged", { config, limit: { steps: 4 }, resume: true, onEvent });
  expect(notices).toEqual([expect.stringMatching(/step 4 is damaged.*ema\.safetensors to have the SHA-256/)]);
  expect(result).toMatchObject({ step: 4, updates: 4 });
  expect(await openRun(join(folder, "damaged"))).toMatchObject({ step: 4 });
});

describe("refuses", () => {
  test("a folder that holds a run already", async () => {
    await expect(start("whole", { limit: { steps: 1 } })).rejects.toThrow("Expected a folder without a run");
  });

  test("a checkpoint of another configuration, naming what differs", async () => {
    const config = tinyConfig({ optimizer: { beta1: 0.8 }, training: { batchSize: 4 } });
    const resumed = start("whole", { config, resume: true });
    await expect(resumed).rejects.toThrow("optimizer.beta1: the checkpoint has 0.9, the configuration 0.8");
    await expect(resumed).rejects.toThrow("training.batchSize: the checkpoint has 8, the configuration 4");
  });

  test("images that do not fit the model", async () => {
    const large = { train: discs(8, { resolution: 16 }), validation: data.validation };
    await expect(start("large", { data: large })).rejects.toThrow("Expected images of 8×8 pixels");
    const config = tinyConfig({ model: { classes: 3 } });
    await expect(start("classes", { config })).rejects.toThrow("Expected images of 3 classes");
  });
});

describe("every kind of model trains", () => {
  const labelled = { train: discs(32, { labels: true }), validation: discs(8, { start: 500, labels: true }) };

  test.each([
    [
      "class-conditional, without information schedule",
      { model: { classes: 4 }, objective: { informationSchedule: false as const } },
    ],
    [
      "conditional super-resolution, with shares per resolution",
      {
        model: { ...tinySuperResolution, classes: 4 },
        objective: {
          informationSchedule: {
            shares: "per-resolution" as const,
            weights: [
              { resolution: 4, weight: 1 },
              { resolution: 8, weight: 2 },
            ],
          },
        },
      },
    ],
    ["logistic mixture", { objective: { output: "logistic-mixture" as const, mixtures: 3 } }],
  ])("%s", async (name, changes) => {
    const config = tinyConfig({ ...changes, training: { evaluateEvery: 25 } });
    await start(name, { config, data: labelled, limit: { steps: 50 } });
    const bounds = readMetrics(join(folder, name, "metrics.jsonl")).filter((line) => line.type === "validation");
    const held = bounds.filter(({ split }) => split === "validation").map(({ bitsPerDim }) => bitsPerDim);
    expect(held).toHaveLength(2);
    expect(held[1]).toBeLessThan(held[0]);
  });
});
