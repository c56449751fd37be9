import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localRanks } from "../../test/support/local-ranks.js";
import { discs, tinyConfig } from "../../test/support/tiny.js";
import type { Config } from "../config/index.js";
import type { ImageSet } from "../data/index.js";
import { Runtime } from "../engine/index.js";
import type { Ranks } from "../ranks/ranks.js";
import type { TrainingEvent } from "./events.js";
import { followTraining } from "./follow.js";
import { readMetrics } from "./run/metrics-log.js";
import type { TrainingJob } from "./start-together.js";
import { type TrainOptions, train } from "./train.js";

const runtimes = Array.from({ length: 4 }, () => new Runtime({ threads: 1 }));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-ranks-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all(runtimes.map((runtime) => runtime.dispose()));
});

const images = { train: discs(24), validation: discs(8, { start: 100 }) };
const config = tinyConfig({
  training: { batchSize: 8, microBatchSize: 1, logEvery: 2, evaluateEvery: 3, sampleEvery: 4, checkpointEvery: 2 },
});

interface Together extends Partial<TrainOptions> {
  /** The images that another rank finds. */
  found?: (rank: number) => ImageSet;
  /** Of another rank. */
  signals?: Record<number, AbortSignal>;
  runtimeOf?: (rank: number) => Runtime;
}

/** Trains with several ranks in this process: what came of rank 0, and of the others. */
async function trainTogether(
  size: number,
  out: string,
  { found = () => images.train, signals = {}, runtimeOf = (rank) => runtimes[rank], ...options }: Together = {},
) {
  const ranks = localRanks(size);
  const lead = async () => {
    const given = { config, data: images, out, limit: { steps: 6 }, ...options };
    return train({ ...given, runtime: runtimeOf(0), ranks: size > 1 ? ranks[0] : undefined });
  };
  const follow = async (own: Ranks) => {
    const job = await own.broadcast<TrainingJob>(undefined);
    const openImages = async (_: Config) => found(own.rank);
    return followTraining(job, { ranks: own, runtime: runtimeOf(own.rank), openImages, signal: signals[own.rank] });
  };
  const [first, ...others] = await Promise.allSettled([lead(), ...ranks.slice(1).map(follow)]);
  return { first, others };
}

/** Bytes of the last checkpoint by name, and the lines of metrics without times. */
function left(out: string, step: number) {
  const checkpoint = join(out, "checkpoints", `step-${step}`);
  const files = readdirSync(checkpoint).map((name) => [name, readFileSync(join(checkpoint, name)).toString("base64")]);
  const lines = readMetrics(join(out, "metrics.jsonl"))
    .filter(({ type }) => type !== "run")
    .map((line) => ({ ...line, seconds: 0, imagesPerSecond: 0, dataWaitShare: 0 }));
  return { files: Object.fromEntries(files), lines };
}

test("1, 2 and 4 ranks leave the same bytes, and go on as another number of ranks", async () => {
  const outs = [1, 2, 4].map((size) => join(folder, `of-${size}`));
  for (const [index, size] of [1, 2, 4].entries()) {
    const { first, others } = await trainTogether(size, outs[index]);
    expect(first.status, String((first as PromiseRejectedResult).reason)).toBe("fulfilled");
    expect(others.map(({ status }) => status)).toEqual(Array(size - 1).fill("fulfilled"));
  }
  const [one, two, four] = outs.map((out) => left(out, 6));
  expect(two).toEqual(one);
  expect(four).toEqual(one);
  const on = { resume: true, limit: { steps: 8 } };
  await trainTogether(4, outs[0], on);
  await trainTogether(1, outs[1], on);
  const [fromOne, fromTwo] = outs.slice(0, 2).map((out) => left(out, 8));
  expect(fromTwo).toEqual(fromOne);
});

/** Of the weights after two steps, relative to what they have moved: sums are rounded in another order. */
test("three ranks agree with one within rounding", async () => {
  const training = { ...config.training, batchSize: 12, microBatchSize: 2 };
  const given = { config: { ...config, training }, limit: { steps: 2 } };
  const outs = [1, 3].map((size) => join(folder, `thirds-${size}`));
  await trainTogether(1, outs[0], given);
  await trainTogether(3, outs[1], given);
  const losses = outs.map((out) => left(out, 2).lines.flatMap((line) => (line.type === "train" ? line.lossNats : [])));
  expect(losses[1][0] / losses[0][0]).toBeCloseTo(1, 6);
});

test("whoever is asked to stop, rank 0 saves, and nobody hangs", async () => {
  const out = join(folder, "stopped");
  const stop = new AbortController();
  const onEvent = (event: TrainingEvent) => {
    if (event.type === "progress" && event.step === 3) stop.abort(new DOMException("by SIGTERM", "AbortError"));
  };
  const { first, others } = await trainTogether(2, out, { signals: { 1: stop.signal }, onEvent });
  expect(first).toMatchObject({ status: "fulfilled", value: { step: 3, interrupted: true } });
  expect(others).toMatchObject([{ status: "fulfilled" }]);
  expect(readdirSync(join(out, "checkpoints"))).toContain("step-3");
});

test("a rank that fails is named after rank 0 has saved", async () => {
  const out = join(folder, "failed");
  const failing = new Runtime({ threads: 1 });
  const onEvent = async (event: TrainingEvent) => {
    if (event.type === "progress" && event.step === 3) await failing.dispose();
  };
  const { first, others } = await trainTogether(2, out, {
    ...{ onEvent, runtimeOf: (rank) => (rank === 1 ? failing : runtimes[0]) },
  });
  // What of the runtime is named depends on what the rank was at: the runtime, a program, an array.
  const message = expect.stringMatching(/^Expected all ranks to train, but rank 1 \(here\) has failed: ./);
  expect((first as PromiseRejectedResult).reason).toMatchObject({ code: "environment", message });
  expect(others[0].status).toBe("rejected");
  expect(readdirSync(join(out, "checkpoints"))).toContain("step-3");
});

test("ranks with other images or threads are refused, by name, before anything is trained", async () => {
  const out = join(folder, "unlike");
  const two = new Runtime({ threads: 2 });
  const { first, others } = await trainTogether(2, out, {
    ...{ found: () => discs(24, { start: 7 }), runtimeOf: (rank: number) => (rank === 1 ? two : runtimes[0]) },
  });
  for (const each of [first, ...others]) {
    const { reason } = each as PromiseRejectedResult;
    expect(reason).toMatchObject({ code: "mismatch" });
    expect(reason.message).toMatch(/rank 1 \(here\) has images 24, SHA-256 \w+, rank 0 \(here\) 24, SHA-256 \w+/);
    expect(reason.message).toContain("rank 1 (here) has threads 2, rank 0 (here) 1");
  }
  await two.dispose();
});

test("a rank that cannot open its images ends the start on all, in its own words", async () => {
  const { first, others } = await trainTogether(4, join(folder, "missing"), {
    found: (rank) => {
      if (rank === 2) throw new Error("no images here");
      return images.train;
    },
  });
  expect(String((first as PromiseRejectedResult).reason)).toContain("On rank 2 (here): Error: no images here");
  expect(String((others[0] as PromiseRejectedResult).reason)).toContain("On rank 2 (here)");
  expect(String((others[1] as PromiseRejectedResult).reason)).toBe("Error: no images here");
});

test("images that rank 0 sends are trained on alike, and not left behind", async () => {
  const outs = ["own", "sent"].map((name) => join(folder, name));
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith("strata-images-"));
  await trainTogether(2, outs[0], { limit: { steps: 2 } });
  const found = () => {
    throw new Error("there are none here");
  };
  const { first, others } = await trainTogether(2, outs[1], { limit: { steps: 2 }, found, sendImages: true });
  expect([first, ...others].map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  expect(left(outs[1], 2)).toEqual(left(outs[0], 2));
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith("strata-images-"))).toEqual(before);
});

test.each([
  [8, 4, 4, "training.microBatchSize=2`"],
  [6, 6, 4, "training.batchSize=8`"],
])(
  "batches of %i in micro-batches of %i cannot be shared by %i ranks, and what can is said",
  async (batchSize, microBatchSize, size, advice) => {
    const training = { ...config.training, batchSize, microBatchSize };
    const [ranks] = localRanks(size);
    const given = { config: { ...config, training }, data: images, out: join(folder, `odd-${batchSize}`) };
    await expect(train({ ...given, runtime: runtimes[0], ranks })).rejects.toThrow(advice);
  },
);
