import { afterAll, beforeAll, expect, test } from "vitest";
import { type Changes, tinyModel, tinySuperResolution } from "../../../test/support/tiny.js";
import { Runtime } from "../../engine/index.js";
import type { EnlargingOptions } from "../../latents/cascade.js";
import type { TrainedModel } from "../trained-model.js";
import { Cascade } from "./cascade.js";
import { type SampleOptions, Sampler } from "./sampler.js";

let runtime: Runtime;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
});
afterAll(() => runtime.dispose());

/** A model with random weights, whose priors depend on the label. */
function modelOf(changes: Changes, seed: number): TrainedModel {
  const model = tinyModel(changes, seed);
  for (const { layers } of model.parameters.generator.levels) {
    for (const { prior } of layers)
      for (const [i] of prior.conv2.weight.entries()) prior.conv2.weight[i] = Math.sin(i) / 9;
  }
  return model;
}

const enlargerLevels = tinySuperResolution.levels!;
const smallModel = { resolution: 4, levels: [{ ...enlargerLevels[0], resolution: 1 }, enlargerLevels[0]], classes: 4 };
const base = modelOf({ model: smallModel, objective: { informationSchedule: false } }, 1);
const enlarger = modelOf(
  { model: { ...tinySuperResolution, classes: 4 }, objective: { informationSchedule: false } },
  2,
);

/** Draws through both and disposes. */
async function draw(options: SampleOptions, enlarging: EnlargingOptions = {}, batch = 2) {
  const cascade = new Cascade(
    new Sampler(base, { batch, runtime }),
    new Sampler(enlarger, { batch, runtime }),
    enlarging,
  );
  try {
    return await cascade.sample(options);
  } finally {
    await cascade.dispose();
  }
}

test("is the second model's picture of what the first one draws, under the same labels", async () => {
  const samplers = [new Sampler(base, { batch: 3, runtime }), new Sampler(enlarger, { batch: 3, runtime })];
  const small = await samplers[0].values({ count: 3, seed: 4 });
  const lowResolution = small.values.map((value) => Math.min(Math.max(value, -1), 1));
  const large = await samplers[1].sample({ count: 3, seed: 4, lowResolution, labels: small.labels });
  for (const sampler of samplers) await sampler.dispose();
  const drawn = await draw({ count: 3, seed: 4 });
  expect(drawn).toMatchObject({ count: 3, resolution: 8, labels: small.labels, clamped: 0 });
  expect(drawn.images).toEqual(large.images);
  expect(drawn.images.subarray(0, 192)).not.toEqual(drawn.images.subarray(192, 384));
});

test("does not depend on the batch size; single samples of a seed can be asked for", async () => {
  const drawn = await draw({ count: 3, seed: 4 });
  expect(await draw({ count: 3, seed: 4 }, {}, 1)).toEqual(drawn);
  const last = await draw({ count: 1, seed: 4, samples: [2] });
  expect(last.images).toEqual(drawn.images.subarray(2 * 192));
});

test("guidance reaches both models, and each can have its own", async () => {
  const labels = Int32Array.of(0, 2);
  const one = { mean: 3, variance: 1 };
  const none = { mean: 0, variance: 0 };
  const drawn = async (guidance: typeof one | undefined, own?: typeof one) =>
    (await draw({ count: 2, labels, guidance }, { guidance: own })).images;
  const plain = await drawn(undefined);
  const both = await drawn(one);
  expect(await drawn(one, one)).toEqual(both);
  expect(await drawn(none, none)).toEqual(plain);
  const [first, second] = [await drawn(one, none), await drawn(none, one)];
  for (const images of [first, second]) {
    expect(images).not.toEqual(plain);
    expect(images).not.toEqual(both);
  }
  const ofOneResolution = await draw({ count: 2, labels, guidance: [{ resolution: 1, ...one }] });
  expect(ofOneResolution.images).not.toEqual(plain);
});

test("temperature reaches both models, and each can have its own", async () => {
  const temperature = await draw({ count: 2, temperature: 0 });
  const [cold, warm] = [await draw({ count: 2 }, { temperature: 0 }), await draw({ count: 2 })];
  expect(cold.images).not.toEqual(warm.images);
  expect(temperature.images).not.toEqual(cold.images);
});

test("the second model need not know classes: then guidance is the first one's alone", async () => {
  const plain = modelOf({ model: tinySuperResolution, objective: { informationSchedule: false } }, 2);
  const cascade = new Cascade(new Sampler(base, { batch: 2, runtime }), new Sampler(plain, { batch: 2, runtime }));
  const labels = Int32Array.of(0, 2);
  const guided = await cascade.sample({ count: 2, labels, guidance: { mean: 3, variance: 1 } });
  const unguided = await cascade.sample({ count: 2, labels });
  await cascade.dispose();
  expect(guided.labels).toEqual(labels);
  expect(guided.images).not.toEqual(unguided.images);
});

test("what the first model refuses is refused before anything is drawn", async () => {
  await expect(draw({ count: 0 })).rejects.toThrow("Expected at least one image to draw, got 0");
  await expect(draw({ count: 2, labels: Int32Array.of(0) })).rejects.toThrow("a label for each of 2 images, got 1");
});

test("models that do not fit are refused", () => {
  const sampler = (model: TrainedModel) => new Sampler(model, { runtime });
  expect(() => new Cascade(sampler(base), sampler(base))).toThrow(
    "expected a super-resolution model to enlarge with, got one that draws 4×4 by itself",
  );
  expect(() => new Cascade(sampler(modelOf({ model: { classes: 4 } }, 1)), sampler(enlarger))).toThrow(
    "expected a base model that draws 4×4, which the super-resolution model enlarges, got 8×8",
  );
  const few = modelOf({ model: { ...smallModel, classes: 3 }, objective: { informationSchedule: false } }, 1);
  expect(() => new Cascade(sampler(few), sampler(enlarger))).toThrow(
    "expected a base model with the 4 classes of the super-resolution model, got 3",
  );
});
