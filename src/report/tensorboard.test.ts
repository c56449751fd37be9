import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fixtureMetrics } from "../../test/support/report-fixture.js";
import { readFolder } from "../../test/support/tensorboard.js";
import { resolvePreset } from "../config/index.js";
import type { TrainingEvent } from "../training/events.js";
import type { RunLine } from "../training/run/metrics-log.js";
import { tensorBoardListener } from "./tensorboard.js";
import { trainLines, validationLines } from "./training-charts.js";

const NATS_OF_A_BIT = 3 * 32 ** 2 * Math.LN2;

let parent = "";
let folder = "";
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "strata-tensorboard-"));
  folder = join(parent, "tensorboard");
});
afterEach(() => rmSync(parent, { recursive: true }));

const lines = fixtureMetrics();
const run = lines[0] as RunLine;
const [train] = trainLines(lines);
const [validation] = validationLines(lines, "validation");

const start = (step: number): TrainingEvent => ({
  type: "start",
  config: resolvePreset("emoji32-small"),
  run,
  step,
  totalSteps: null,
});
const metrics = (step: number): TrainingEvent => ({ type: "metrics", line: { ...train, step } });

async function tell(...events: TrainingEvent[]): Promise<string[]> {
  const notices: string[] = [];
  const listener = tensorBoardListener(folder, 32, (message) => notices.push(message));
  for (const event of events) await listener(event);
  return notices;
}

test("a line of metrics is an event of scalars, nats as bits per dimension, a tag for each group", async () => {
  await tell(start(0), metrics(20));
  const [[, , event]] = readFolder(folder);
  expect(event.step).toBe(20);
  const { scalars } = event;
  expect(scalars["train/loss_bits_per_dim"]).toBeCloseTo(train.lossNats / NATS_OF_A_BIT, 5);
  expect(scalars["train/distortion_bits_per_dim"]).toBeCloseTo(train.distortionNats / NATS_OF_A_BIT, 5);
  expect(scalars["train/learning_rate"]).toBeCloseTo(train.learningRate, 8);
  const groups = Object.keys(scalars).filter((tag) => tag.startsWith("kl_group_bits_per_dim/"));
  expect(groups).toEqual([..."0123456789"].map((index) => `kl_group_bits_per_dim/0${index}`));
  expect(scalars["kl_group_bits_per_dim/09"]).toBeCloseTo(train.groupKlNats[9] / NATS_OF_A_BIT, 5);
});

test("the bound on held-out images and on training images have tags of their own", async () => {
  await tell(
    start(0),
    { type: "validation", line: { ...validation, bitsPerDim: 3.5 } },
    { type: "validation", line: { ...validation, split: "train", bitsPerDim: 3.25 } },
  );
  const [[, , heldOut, seen]] = readFolder(folder);
  expect(heldOut.scalars).toMatchObject({ "validation/bound_bits_per_dim": 3.5 });
  expect(heldOut.scalars["validation/psnr_db"]).toBeCloseTo(validation.psnrDb, 4);
  expect(seen.scalars).toMatchObject({ "train_ema/bound_bits_per_dim": 3.25 });
});

test("pictures are grids", async () => {
  const pictures = { images: new Uint8Array(2 * 3 * 64 ** 2), count: 2, resolution: 64 };
  await tell(start(0), {
    type: "pictures",
    step: 7,
    samples: pictures,
    originals: pictures,
    reconstructions: pictures,
  });
  const events = readFolder(folder)[0].slice(2);
  expect(events.map(({ step, images }) => [step, Object.keys(images)])).toEqual([
    [7, ["pictures/samples"]],
    [7, ["pictures/reconstructions"]],
  ]);
  expect(events[0].images["pictures/samples"]).toMatchObject({ width: 134, height: 68 });
});

test("a run that resumes goes on in a new file, from the step after its checkpoint", async () => {
  await tell(start(0), metrics(20), metrics(40));
  await tell(start(20), metrics(40));
  const files = readFolder(folder).map((events) => events.map(({ step, session }) => [step, session]));
  expect(files).toEqual([
    [
      [1, undefined],
      [1, 1],
      [20, undefined],
      [40, undefined],
    ],
    [
      [21, undefined],
      [21, 1],
      [40, undefined],
    ],
  ]);
});

test("training goes on when the files can no longer be written, and is told once", async () => {
  const notices: string[] = [];
  const listener = tensorBoardListener(folder, 32, (message) => notices.push(message));
  await listener(start(0));
  rmSync(folder, { recursive: true });
  await listener(metrics(20));
  await listener(metrics(40));
  expect(notices).toEqual([
    expect.stringMatching(/^Expected to write .*ENOENT.* Training continues without event files for TensorBoard\.$/),
  ]);
});
