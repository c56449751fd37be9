import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { discs, tinyModel, tinySuperResolution } from "../../test/support/tiny.js";
import type { ImageSet } from "../data/index.js";
import { Runtime } from "../engine/index.js";
import { negativeLogLikelihood } from "../inference/measures/nll.js";
import { Sampler } from "../inference/sampling/sampler.js";
import { digestOfWeights } from "../inference/weights-digest.js";
import { uniform } from "../random/index.js";
import { readMetrics } from "../training/run/metrics-log.js";
import { headLikelihood } from "./head-likelihood.js";
import { readHeadStatuses } from "./head-status.js";
import { headNames } from "./heads.js";
import { type HeadEvent, type TrainHeadOptions, trainHead } from "./train-head.js";
import { findHeads, openHead } from "./trained-head.js";

let runtime: Runtime;
let folder: string;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "strata-head-"));
});
afterAll(async () => {
  await runtime.dispose();
  rmSync(folder, { recursive: true });
});

const model = tinyModel();
const images = discs(40);
const start = (head: TrainHeadOptions["head"], name: string, options: Partial<TrainHeadOptions> = {}) =>
  trainHead(model, { head, images, out: join(folder, name), runtime, resume: true, ...options });
const checkpoint = (name: string, step: number) => {
  const path = join(folder, name, "checkpoints", `step-${step}`);
  return Object.fromEntries(readdirSync(path).map((file) => [file, readFileSync(join(path, file)).toString("base64")]));
};

test("interrupted and resumed it leaves what an undisturbed one leaves", async () => {
  const limit = { steps: 4 };
  await start("autoregressive", "short", { limit, seed: 3 });
  const stop = new AbortController();
  const onEvent = (event: HeadEvent) => {
    if (event.type === "progress" && event.step === 2) stop.abort();
  };
  const first = await start("autoregressive", "parts", { limit, seed: 3, signal: stop.signal, onEvent });
  expect(first).toMatchObject({ step: 2, images: 32, interrupted: true });
  expect(await start("autoregressive", "parts", { limit })).toMatchObject({ step: 4, interrupted: false }); // the folder says the seed
  expect(checkpoint("parts", 4)).toEqual(checkpoint("short", 4));
});

test.each(headNames)(
  "%s: it learns, and its bound is the model's rate with its code in place of the Gaussian's",
  async (name) => {
    const before = digestOfWeights(model.parameters);
    const out = join("run", "heads", name);
    const result = await start(name, out, { limit: { steps: 60 } });
    const lines = readMetrics(join(folder, out, "metrics.jsonl")).filter((line) => line.type === "head");
    expect(lines.map(({ step }) => step)).toEqual([50, 60]);
    expect(lines[1].loss).toBeLessThan(lines[0].loss - 0.2);
    expect(result.loss).toBe(lines[1].loss);
    expect(digestOfWeights(model.parameters)).toBe(before);

    await using head = await openHead(model, join(folder, out));
    const held = discs(6, { start: 1000 });
    const own = await negativeLogLikelihood(model, held, { runtime, seed: 4, batch: 4 });
    const { images: each, summary } = await headLikelihood(model, head, held, { runtime, seed: 4, batch: 4 });
    each.rateBitsPerDim.forEach((rate, i) => {
      expect(rate).toBeCloseTo(own.images.rateBitsPerDim[i], 6);
      expect(each.bitsPerDim[i]).toBeCloseTo(rate + each.distortionBitsPerDim[i], 10);
    });
    expect(summary.distortionBitsPerDim.mean).toBeLessThan(own.summary.distortionBitsPerDim.mean);
    const others = await headLikelihood(model, head, held, { runtime, seed: 4, batch: 6, samples: 3 });
    expect(others.summary.importanceWeightedBitsPerDim!.mean).toBeLessThan(others.summary.bitsPerDim.mean);
  },
);

test("what no head can know costs eight bits, however long it has been trained on others like it", async () => {
  const noise = (seed: number, count: number): ImageSet => ({
    ...discs(count),
    images: Uint8Array.from(uniform([6, seed], count * 192), (u) => Math.min(255, Math.floor(256 * u))),
  });
  await start("autoregressive", "noise", { images: noise(1, 400), limit: { steps: 60 } });
  await using head = await openHead(model, join(folder, "noise"));
  const { summary } = await headLikelihood(model, head, noise(2, 64), { runtime });
  expect(summary.distortionBitsPerDim.mean).toBeGreaterThan(8);
  expect(summary.distortionBitsPerDim.mean).toBeLessThan(9.2);
});

test("pixels are drawn on the same latents: the mean is what it was, and draws depend on neither batch nor count", async () => {
  const sampled = async (batch: number, count: number, seed = 3) => {
    const head = await openHead(model, join(folder, "run", "heads", "autoregressive"));
    await using sampler = new Sampler(model, { batch, runtime, head });
    return (await sampler.sample({ count, seed })).images;
  };
  const two = await sampled(2, 2);
  expect((await sampled(3, 3)).subarray(0, two.length)).toEqual(two);
  expect(await sampled(2, 2, 4)).not.toEqual(two);
  await using plain = new Sampler(model, { batch: 2, runtime });
  const { images: means } = await plain.sample({ count: 2, seed: 3 });
  expect(means).not.toEqual(two);
});

test("what does not belong together is refused, and left out of a run's heads", async () => {
  await expect(start("independent", "short")).rejects.toThrow('head: the checkpoint has "autoregressive"');
  await expect(start("autoregressive", "short", { resume: false })).rejects.toThrow("Expected a folder without a run");
  await expect(start("autoregressive", "short", { images: discs(41) })).rejects.toThrow("was made on other images");
  const other = tinyModel({}, 2);
  const place = join(folder, "short");
  await expect(openHead(other, place)).rejects.toThrow(`Expected a head of these weights (step 0), but ${place} was`);
  await expect(trainHead(other, { head: "autoregressive", images, out: place, runtime, resume: true })).rejects.toThrow(
    "was trained on others",
  );
  await expect(openHead(model, join(folder, "none"))).rejects.toThrow("found none. Train one with `trainHead` first.");
  const enlarging = tinyModel({ model: tinySuperResolution });
  await expect(trainHead(enlarging, { head: "independent", images, out: join(folder, "sr"), runtime })).rejects.toThrow(
    "Expected a base model for a head",
  );
  const run = join(folder, "run");
  expect(await readHeadStatuses(run)).toEqual(
    headNames.map((head) => ({ head, folder: join(run, "heads", head), step: 60 })),
  );
  const found = await findHeads(model, run);
  expect(found.map(({ name, step }) => [name, step])).toEqual([
    ["independent", 60],
    ["autoregressive", 60],
  ]);
  const notices: string[] = [];
  expect(await findHeads(other, run, { onNotice: (message) => notices.push(message) })).toEqual([]);
  expect(notices).toHaveLength(2);
  await Promise.all(found.map((head) => head.dispose()));
});
