import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { discs, tinyModel } from "../../test/support/tiny.js";
import { Runtime } from "../engine/index.js";
import { Sampler } from "../inference/sampling/sampler.js";
import type { TrainedModel } from "../inference/trained-model.js";
import { latentsOfSamples } from "../latents/latents.js";
import { readMetrics } from "../training/run/metrics-log.js";
import { stacksOf } from "./latents.js";
import { posteriorDraws } from "./posterior-draws.js";
import { type RefineEvent, type RefineOptions, refine } from "./refine.js";
import { openRefinement } from "./refinement.js";

let runtime: Runtime;
let folder: string;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "strata-refine-"));
});
afterAll(async () => {
  await runtime.dispose();
  rmSync(folder, { recursive: true });
});

const images = discs(40, { labels: true });
/** A model whose prior draws white noise, and whose posteriors say much of their images. */
function modelOfImages(seed = 1): TrainedModel {
  const model = tinyModel({ model: { classes: 4 } }, seed);
  const { weight } = model.parameters.generator.levels[0].layers[0].posterior.conv2;
  weight.forEach((value, i) => {
    weight[i] = 10 * value;
  });
  return model;
}
const model = modelOfImages();
const start = (name: string, options: Partial<RefineOptions> = {}) =>
  refine(model, { images, out: join(folder, name), groups: 1, draws: 256, runtime, resume: true, ...options });

const checkpoint = (name: string, step: number) => {
  const path = join(folder, name, "checkpoints", `step-${step}`);
  return Object.fromEntries(readdirSync(path).map((file) => [file, readFileSync(join(path, file)).toString("base64")]));
};

/** Mean and covariance of rows of d numbers, as one list. */
function moments(values: Float32Array, d: number): number[] {
  const count = values.length / d;
  const mean = Array.from(
    { length: d },
    (_, i) => values.filter((_, at) => at % d === i).reduce((a, b) => a + b) / count,
  );
  const covariance = mean.flatMap((a, i) =>
    mean.map((b, j) => {
      let sum = 0;
      for (let row = 0; row < count; row++) sum += (values[row * d + i] - a) * (values[row * d + j] - b);
      return sum / count;
    }),
  );
  return [...mean, ...covariance];
}
const distance = (a: number[], b: number[]) => Math.hypot(...a.map((value, i) => value - b[i]));

test("interrupted and resumed it leaves what an undisturbed one leaves", async () => {
  const limit = { steps: 4 };
  await start("short", { limit });
  const stop = new AbortController();
  const onEvent = (event: RefineEvent) => {
    if (event.type === "progress" && event.step === 2) stop.abort();
  };
  const first = await start("parts", { limit, signal: stop.signal, onEvent });
  expect(first).toMatchObject({ step: 2, interrupted: true });
  const asBefore = { groups: undefined, draws: undefined, seed: undefined }; // the folder says them
  expect(await start("parts", { limit, ...asBefore })).toMatchObject({ step: 4, interrupted: false });
  expect(checkpoint("parts", 4)).toEqual(checkpoint("short", 4));
});

test("it learns the posteriors: the loss falls, and what it draws has their moments", async () => {
  const result = await start("whole", { limit: { steps: 70 } });
  const lines = readMetrics(join(folder, "whole", "metrics.jsonl")).filter((line) => line.type === "flow");
  expect(lines.map(({ step }) => step)).toEqual([50, 70]);
  expect(lines[1].loss).toBeLessThan(lines[0].loss - 0.2);
  expect(result.loss).toBe(lines[1].loss);

  await using refinement = await openRefinement(model, join(folder, "whole"));
  const count = 256;
  const stacks = stacksOf(model.config.model, 1);
  const numbers = Array.from({ length: count }, (_, i) => i);
  const drawn = await posteriorDraws(model, images, stacks, { count, seed: 9, batch: 16, runtime });
  const noise = latentsOfSamples(model.config.model, numbers, {}).slice(0, 1);
  const [refined] = await refinement.draw(noise, { labels: drawn.labels, runtime });
  const wanted = moments(drawn.stacks[0], 4);
  // the prior of a model that has not been trained draws the noise itself
  expect(distance(moments(refined, 4), wanted)).toBeLessThan(0.3 * distance(moments(noise[0], 4), wanted));
});

test("samples depend on neither batch nor count, and guidance and steps change them", async () => {
  const sampled = async (batch: number, count: number, options = {}) => {
    const refinement = await openRefinement(model, join(folder, "whole"), options);
    await using sampler = new Sampler(model, { batch, runtime, refinement });
    return (await sampler.sample({ count, seed: 3 })).images;
  };
  const images = await sampled(2, 3);
  expect((await sampled(4, 5)).subarray(0, images.length)).toEqual(images);
  expect(await sampled(2, 3, { guidance: 3 })).not.toEqual(images);
  expect(await sampled(2, 3, { steps: 2 })).not.toEqual(images);
  await using plain = new Sampler(model, { batch: 2, runtime });
  expect((await plain.sample({ count: 3, seed: 3 })).images).not.toEqual(images);
});

test("all groups are learnt where nothing is said", async () => {
  const result = await start("all", { groups: undefined, draws: 32, limit: { steps: 1 } });
  expect(result).toMatchObject({ step: 1, images: 64 });
  await using refinement = await openRefinement(model, join(folder, "all"), { steps: 1 });
  expect(refinement.groups).toBe(3);
  cpSync(join(folder, "all"), join(folder, "run", "refinement"), { recursive: true });
  await using sameByRun = await openRefinement(model, join(folder, "run"));
  expect(sameByRun.digest).toBe(refinement.digest);
});

test("what does not belong together is refused", async () => {
  await expect(start("whole", { resume: false })).rejects.toThrow("Expected a folder without a run");
  await expect(start("whole", { seed: 1 })).rejects.toThrow("seed: the checkpoint has 0, the configuration 1");
  await expect(start("whole", { images: discs(41, { labels: true }) })).rejects.toThrow("was made on other images");
  const other = modelOfImages(2);
  await expect(openRefinement(other, join(folder, "whole"))).rejects.toThrow("trained on the latents of others");
  await expect(openRefinement(model, join(folder, "none"))).rejects.toThrow(
    `Expected a refinement in ${join(folder, "none")}, found none. Train one with \`refine\` first.`,
  );
  await expect(openRefinement(model, join(folder, "whole"), { steps: 0 })).rejects.toThrow("at least one step, got 0");
  const plain = tinyModel();
  await refine(plain, { images, out: join(folder, "plain"), groups: 1, draws: 16, runtime, limit: { steps: 1 } });
  await expect(openRefinement(plain, join(folder, "plain"), { guidance: 1 })).rejects.toThrow(
    "needs a model with classes",
  );
  await using refinement = await openRefinement(plain, join(folder, "plain"));
  await using sampler = new Sampler(plain, { batch: 1, runtime, refinement });
  expect((await sampler.sample({ count: 1 })).images).toHaveLength(192);
});
