import type { numpy as np } from "@jax-js/jax";
import { afterAll, expect, test } from "vitest";
import { Runtime, spec } from "../../engine/index.js";
import { adam } from "./adam.js";
import { SmallTrainer } from "./small-trainer.js";

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const constants = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 };
type Parameters<T> = { weight: T; bias: T };

/** Σ (w x + b − y)², over one number each. */
const training = {
  optimizer: adam,
  constants,
  parameters: { weight: spec([1]), bias: spec([1]) } as Parameters<ReturnType<typeof spec>>,
  batch: { x: spec([1]), y: spec([1]) },
  loss: ({ weight, bias }: Parameters<np.Array>, { x, y }: { x: np.Array; y: np.Array }) => {
    const error = weight.ref.mul(x).add(bias.ref).sub(y);
    return error.ref.mul(error).sum();
  },
  runtime,
};
const batches = [
  [1, 3],
  [2, 1],
  [-1, 4],
  [0.5, 2],
].map(([x, y]) => ({ x: Float32Array.of(x), y: Float32Array.of(y) }));
const rates = { learningRate: 0.1, emaDecay: 0.5 };
const start = () => ({ parameters: { weight: Float32Array.of(0.5), bias: Float32Array.of(0) } });

test("it makes the updates of Adam, and averages them", async () => {
  let [parameters, ema] = [
    [0.5, 0],
    [0.5, 0],
  ];
  const [first, second] = [
    [0, 0],
    [0, 0],
  ];
  await using trainer = await SmallTrainer.create(training, start());
  for (const [t, batch] of batches.entries()) {
    const [x, y] = [batch.x[0], batch.y[0]];
    const error = parameters[0] * x + parameters[1] - y;
    expect(await trainer.step(batch, rates)).toBeCloseTo(error ** 2, 4);
    parameters = parameters.map((p, i) => {
      const g = 2 * error * [x, 1][i];
      first[i] = 0.9 * first[i] + 0.1 * g;
      second[i] = 0.99 * second[i] + 0.01 * g ** 2;
      return p - (0.1 * first[i]) / (1 - 0.9 ** (t + 1)) / (Math.sqrt(second[i] / (1 - 0.99 ** (t + 1))) + 1e-8);
    });
    ema = ema.map((e, i) => (e + parameters[i]) / 2);
  }
  const state = await trainer.read();
  expect(state.parameters.weight[0]).toBeCloseTo(parameters[0], 5);
  expect(state.ema.bias[0]).toBeCloseTo(ema[1], 5);
});

test("resumed from a state that was read, whatever the order of its entries, it goes on with the same bytes", async () => {
  await using whole = await SmallTrainer.create(training, start());
  for (const batch of batches) await whole.step(batch, rates);
  await using begun = await SmallTrainer.create(training, start());
  for (const batch of batches.slice(0, 2)) await begun.step(batch, rates);
  const { moments, ema, parameters } = await begun.read();
  await using resumed = await SmallTrainer.create(training, { ema, moments, parameters }, 2);
  for (const batch of batches.slice(2)) await resumed.step(batch, rates);
  expect(await resumed.read()).toEqual(await whole.read());
});
