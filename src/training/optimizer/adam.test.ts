import { defaultDevice, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { adam } from "./adam.js";
import adamInPlace from "./adam-in-place.js";
import { type OptimizerState, update } from "./update.js";

defaultDevice("cpu");

const constants = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const emaDecay = 0.9;
const rate = (t: number) => 0.01 / (1 + t);
const gradient = (t: number, i: number) => Math.sin(3 * i + t * t) * 10 ** (i - 2);
const indices = [0, 1, 2, 3, 4];

/** Five updates of five numbers by algorithm 1 of the paper, word for word in float64. */
function reference() {
  const theta = indices.map((i) => i - 2);
  const [average, m, v] = [[...theta], theta.map(() => 0), theta.map(() => 0)];
  for (let t = 1; t <= 5; t++) {
    for (const i of indices) {
      const g = gradient(t - 1, i);
      m[i] = constants.beta1 * m[i] + (1 - constants.beta1) * g;
      v[i] = constants.beta2 * v[i] + (1 - constants.beta2) * g ** 2;
      const unbiased = m[i] / (1 - constants.beta1 ** t);
      const square = v[i] / (1 - constants.beta2 ** t);
      theta[i] -= (rate(t - 1) * unbiased) / (Math.sqrt(square) + constants.epsilon);
      average[i] = emaDecay * average[i] + (1 - emaDecay) * theta[i];
    }
  }
  return [theta, average, m, v];
}

test("five traced updates are those of the paper's algorithm", () => {
  const start = () => np.array(indices.map((i) => i - 2));
  const zeros = () => np.zeros([5]);
  let state: OptimizerState<np.Array> = {
    parameters: start(),
    ema: start(),
    moments: { firstMoment: zeros(), secondMoment: zeros() },
  };
  for (let t = 0; t < 5; t++) {
    const { stepSize, correction } = adam.scalars(rate(t), t, constants);
    const scalars = { stepSize: np.array(stepSize), correction: np.array(correction), emaDecay: np.array(emaDecay) };
    state = update(adam, state, np.array(indices.map((i) => gradient(t, i))), scalars, constants);
  }
  const { parameters, ema, moments } = state;
  const found = [parameters, ema, moments.firstMoment, moments.secondMoment].map((array) => array.js());
  expect(found).toBeAllClose(reference(), { rtol: 3e-6, atol: 1e-9 });
});

test("five updates in place are too", () => {
  const [p, e] = [0, 1].map(() => Float32Array.from(indices, (i) => i - 2));
  const [m, v] = [new Float32Array(5), new Float32Array(5)];
  for (let t = 0; t < 5; t++) {
    const g = Float32Array.from(indices, (i) => gradient(t, i));
    adamInPlace([p, e, m, v, g], { ...constants, ...adam.scalars(rate(t), t, constants), emaDecay });
  }
  expect([p, e, m, v].map((array) => [...array])).toBeAllClose(reference(), { rtol: 3e-6, atol: 1e-9 });
});
