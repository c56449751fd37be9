import { afterAll, beforeAll, expect, test } from "vitest";
import { relativeDistance } from "../../test/support/distance.js";
import { type Changes, discs, tinyConfig } from "../../test/support/tiny.js";
import { leaves, Runtime } from "../engine/index.js";
import { fromBytes } from "../inference/pictures.js";
import type { ParameterTree } from "../inference/trained-model.js";
import { narrow, widen } from "../io/tensors/bfloat16.js";
import { stepInputs } from "./inputs/step-inputs.js";
import { FRESH } from "./run/counters.js";
import { initialState } from "./run/starting-point.js";
import { Trainer } from "./trainer.js";

let runtime: Runtime;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
});
afterAll(() => runtime.dispose());

const images = fromBytes(discs(8).images);

function trainerOf(changes: Changes = {}) {
  const config = tinyConfig(changes);
  return Trainer.create(config, runtime, FRESH, initialState(config));
}

/** The inputs of one step; poisoned, with a pixel that is not a number in the last image. */
function inputsOf(trainer: Trainer, step: number, poisoned = false) {
  const pixels = images.slice();
  if (poisoned) pixels[pixels.length - 1] = Number.NaN;
  return stepInputs(trainer.config, step, { images: pixels, labels: new Int32Array(0) });
}

test.each([
  ["one micro-batch", 8],
  ["micro-batches of which the last is poisoned", 4],
])("a skipped batch leaves nothing but the counters: %s", async (_, microBatchSize) => {
  const training = { microBatchSize };
  const [spoilt, clean] = [await trainerOf({ training }), await trainerOf({ training })];
  for (const step of [0, 1, 2]) {
    const report = await spoilt.step(inputsOf(spoilt, step, step === 1));
    expect(report.skipped).toBe(step === 1 ? "non-finite loss" : undefined);
    if (step !== 1) await clean.step(inputsOf(clean, step));
  }
  expect(spoilt.counters).toEqual({ step: 3, images: 24, updates: 2, skips: 1, consecutiveSkips: 0 });
  expect(clean.counters).toEqual({ step: 2, images: 16, updates: 2, skips: 0, consecutiveSkips: 0 });
  expect(await spoilt.read(...everything)).toEqual(await clean.read(...everything));
  await spoilt.dispose();
  await clean.dispose();
});

/** Every array of a trainer's state. */
const everything = ["parameters", "ema", "moments", "spectralVectors"] as const;

test("a step given up amid its micro-batches leaves nothing, and is seen again from its start", async () => {
  const training = { microBatchSize: 2 };
  const [stopped, clean] = [await trainerOf({ training }), await trainerOf({ training })];
  for (const trainer of [stopped, clean]) await trainer.step(inputsOf(trainer, 0));
  const before = await stopped.read(...everything);
  const controller = new AbortController();
  const inputs = inputsOf(stopped, 1);
  const { batch, noise } = inputs[1];
  const begun: number[] = [];
  inputs[1] = {
    get batch() {
      begun.push(1);
      controller.abort(new Error("stop"));
      return batch;
    },
    noise,
  };
  inputs[2] = {
    get batch(): never {
      throw new Error("the third was begun");
    },
    noise,
  };
  await expect(stopped.step(inputs, controller.signal)).rejects.toThrow("stop");
  expect(begun).toEqual([1]);
  expect(stopped.counters).toEqual(clean.counters);
  expect(await stopped.read(...everything)).toEqual(before);
  for (const trainer of [stopped, clean]) await trainer.step(inputsOf(trainer, 1));
  expect(stopped.counters).toMatchObject({ step: 2, updates: 2 });
  expect(await stopped.read(...everything)).toEqual(await clean.read(...everything));
  await stopped.dispose();
  await clean.dispose();
});

/**
 * Sums over micro-batches are rounded in another order. Of any array of moments, the distance from those of the whole batch,
 * relative to their norm (measured: 4.9e-7); of any single weight, the difference as a share of the learning rate, which
 * is about what an update moves it by (measured: 4.5e-5).
 */
const MICRO_BATCH_BOUND = { moments: 2e-6, weights: 2e-4 };

test.each([4, 1])("going on with micro-batches of %i gives the next update within the stated bound", async (size) => {
  const first = await trainerOf();
  for (const step of [0, 1, 2]) await first.step(inputsOf(first, step));
  const state = await first.read(...everything);
  const whole = await Trainer.create(first.config, runtime, first.counters, state);
  const config = tinyConfig({ training: { microBatchSize: size } });
  const parts = await Trainer.create(config, runtime, first.counters, state);
  const { learningRate } = await whole.step(inputsOf(whole, 3));
  await parts.step(inputsOf(parts, 3));
  const [a, b] = [await whole.read(...everything), await parts.read(...everything)];
  const flat = (tree: ParameterTree) => leaves(tree);
  const moments = ["firstMoment", "infinityNorm"] as const;
  const distances = moments.flatMap((part) =>
    flat(a.moments[part]).map((values, i) => relativeDistance(flat(b.moments[part])[i], values)),
  );
  const steps = flat(a.parameters).flatMap((values, i) =>
    Array.from(values, (value, k) => Math.abs(value - flat(b.parameters)[i][k]) / learningRate),
  );
  expect(Math.max(...distances)).toBeLessThan(MICRO_BATCH_BOUND.moments);
  expect(Math.max(...steps)).toBeLessThan(MICRO_BATCH_BOUND.weights);
  expect(b.spectralVectors).toEqual(a.spectralVectors);
  for (const trainer of [first, whole, parts]) await trainer.dispose();
});

test("the spectral term counts once, and its vectors advance once, whatever the micro-batches", async () => {
  const objective = { spectralWeight: 1000 };
  const whole = await trainerOf({ objective });
  const parts = await trainerOf({ objective, training: { microBatchSize: 2 } });
  const [a, b] = [await whole.step(inputsOf(whole, 0)), await parts.step(inputsOf(parts, 0))];
  expect(b.spectral).toBeCloseTo(a.spectral, 4);
  expect(b.lossNats / a.lossNats).toBeCloseTo(1, 5);
  expect(b.gradientNorm / a.gradientNorm).toBeCloseTo(1, 5);
  const { spectralVectors: vectors } = await whole.read("spectralVectors");
  const { spectralVectors: others } = await parts.read("spectralVectors");
  expect(others).toEqual(vectors);
  expect(vectors[1].posterior).not.toEqual(initialState(whole.config).spectralVectors[1].posterior);
  await whole.dispose();
  await parts.dispose();
});

test("learning rate and averaging follow the number of updates", async () => {
  const trainer = await trainerOf({ training: { emaDecay: 0, emaWarmup: false } });
  const reports = [await trainer.step(inputsOf(trainer, 0)), await trainer.step(inputsOf(trainer, 1, true))];
  reports.push(await trainer.step(inputsOf(trainer, 2)));
  const { startLearningRate: start, maxLearningRate: max, warmupSteps } = trainer.config.optimizer;
  expect(reports[0].learningRate).toBe(start);
  expect(reports[2].learningRate).toBeCloseTo(start + (max - start) / warmupSteps, 8);
  const { parameters, ema } = await trainer.read("parameters", "ema");
  const [weight, average] = [parameters.encoder.input.weight, ema.encoder.input.weight];
  expect(Math.max(...weight.map((value, i) => Math.abs(value - average[i])))).toBeLessThan(1e-6); // decay 0: e = p
  await trainer.dispose();
});

test("rematerialised, a step gives the same bytes", async () => {
  const states = [];
  for (const rematerialise of [false, true]) {
    const trainer = await trainerOf({ training: { rematerialise } });
    const report = await trainer.step(inputsOf(trainer, 0));
    states.push({ report, ...(await trainer.read("parameters", "moments", "spectralVectors")) });
    await trainer.dispose();
  }
  expect(states[1]).toEqual(states[0]);
});

test("moments in bfloat16 are those of float32, rounded, and steer the weights nearly alike", async () => {
  const [fine, coarse] = [await trainerOf(), await trainerOf({ optimizer: { stateType: "bfloat16" } })];
  for (const trainer of [fine, coarse]) await trainer.step(inputsOf(trainer, 0));
  const parts = ["parameters", "moments"] as const;
  const [exact, rounded] = [await fine.read(...parts), await coarse.read(...parts)];
  const flat = (tree: ParameterTree) => leaves(tree);
  for (const part of ["firstMoment", "infinityNorm"] as const) {
    expect(flat(rounded.moments[part])).toEqual(flat(exact.moments[part]).map((values) => widen(narrow(values))));
  }
  // The first update uses what it has just computed.
  flat(rounded.parameters).forEach((values, i) => {
    expect(relativeDistance(values, flat(exact.parameters)[i])).toBeLessThan(1e-6);
  });
  for (const trainer of [fine, coarse]) await trainer.step(inputsOf(trainer, 1));
  const moved = flat((await coarse.read("parameters")).parameters);
  flat((await fine.read("parameters")).parameters).forEach((values, index) => {
    values.forEach((value, i) => {
      expect(Math.abs(value - moved[index][i])).toBeLessThan(1e-5); // of steps up to twice 6e-5
    });
  });
  await fine.dispose();
  await coarse.dispose();
});

test("Adam in place and compiled make the same update, and keep moments of their own", async () => {
  const [inPlace, compiled] = [
    await trainerOf({ optimizer: { kind: "adam" } }),
    await trainerOf({ optimizer: { kind: "adam", stateType: "bfloat16" } }),
  ];
  for (const trainer of [inPlace, compiled]) await trainer.step(inputsOf(trainer, 0));
  const [a, b] = [await inPlace.read("parameters", "moments"), await compiled.read("parameters", "moments")];
  expect(Object.keys(a.moments)).toEqual(["firstMoment", "secondMoment"]);
  leaves(a.parameters).forEach((values, i) => {
    expect(relativeDistance(leaves(b.parameters)[i], values)).toBeLessThan(1e-6);
  });
  for (const trainer of [inPlace, compiled]) await trainer.dispose();
});
