import { defaultDevice, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { readGolden, toArray } from "../../../test/support/golden.js";
import { adamax, adamaxStepSize } from "./adamax.js";
import adamaxInPlace from "./adamax-in-place.js";
import { type OptimizerState, type UpdateScalars, update } from "./update.js";

defaultDevice("cpu");

const constants = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

const adamaxUpdate = <Tree>(
  state: OptimizerState<Tree>,
  gradients: Tree,
  scalars: UpdateScalars<np.Array>,
  { beta1, beta2, epsilon } = constants,
) => update(adamax, state, gradients, scalars, { beta1, beta2, epsilon });

test("five updates equal the golden ones: parameters, moments and moving average", () => {
  const golden = readGolden("adamax.safetensors");
  const read = (name: string) => ({ a: toArray(golden(`${name}.a`)), b: toArray(golden(`${name}.b`)) });
  const zeros = () => ({ a: np.zeros([7, 5]), b: np.zeros([11]) });
  let state: OptimizerState<ReturnType<typeof read>> = {
    parameters: read("init"),
    ema: read("init"),
    moments: { firstMoment: zeros(), infinityNorm: zeros() },
  };

  for (let t = 0; t < 5; t++) {
    const stepSize = np.array(adamaxStepSize(golden("jax.lr_used").data[t], t, constants));
    state = adamaxUpdate(state, read(`grad.${t}`), { stepSize, emaDecay: np.array(0.9997) }, constants);
    const { parameters: param, ema, moments } = state;
    const parts = { param, ema, mu: moments.firstMoment, nu: moments.infinityNorm };
    for (const [part, tree] of Object.entries(parts)) {
      for (const leaf of ["a", "b"] as const) {
        const expected = golden(`jax.${part}.${t}.${leaf}`).data;
        expect(tree[leaf].ref.flatten().js(), `${part}.${leaf} after update ${t}`).toBeAllClose(expected, {
          rtol: 2e-6,
          atol: 1e-9,
        });
      }
    }
  }
});

test("the update in place computes the same", () => {
  const random = (seed: number) => Float32Array.from({ length: 1000 }, (_, i) => Math.sin(seed + i * i));
  const [p, e, m, g] = [1, 2, 3, 4].map(random);
  const u = random(5).map(Math.abs);
  const array = (values: Float32Array) => np.array(Float32Array.from(values));
  const expected = adamaxUpdate(
    { parameters: array(p), ema: array(e), moments: { firstMoment: array(m), infinityNorm: array(u) } },
    array(g),
    { stepSize: np.array(0.01), emaDecay: np.array(0.99) },
    constants,
  );
  adamaxInPlace([p, e, m, u, g], { ...constants, stepSize: 0.01, emaDecay: 0.99 });
  expect(p).toBeAllClose(expected.parameters.js(), { rtol: 1e-6, atol: 1e-6 });
  expect(e).toBeAllClose(expected.ema.js(), { rtol: 1e-6, atol: 1e-7 });
  expect(m).toBeAllClose(expected.moments.firstMoment.js(), { rtol: 1e-6, atol: 1e-7 });
  expect(u).toBeAllClose(expected.moments.infinityNorm.js(), { rtol: 1e-6 });
});

test("a parameter without gradient does not move, and its norm is ε", () => {
  const one = () => ({ x: np.array([1.5]) });
  const zero = () => ({ x: np.array([0]) });
  const state = { parameters: one(), ema: one(), moments: { firstMoment: zero(), infinityNorm: zero() } };
  const scalars = { stepSize: np.array(0.1), emaDecay: np.array(0.5) };
  const next = adamaxUpdate(state, zero(), scalars, constants);
  expect(next.parameters.x.js()).toEqual([1.5]);
  expect(next.moments.infinityNorm.x.js()).toBeAllClose([1e-8], { atol: 0 });
});

test("the tree may nest objects and lists", () => {
  const leaf = (value: number) => ({ levels: [{ weight: np.array([value]) }] });
  const state = { parameters: leaf(1), ema: leaf(1), moments: { firstMoment: leaf(0), infinityNorm: leaf(0) } };
  const scalars = { stepSize: np.array(0.25), emaDecay: np.array(0.5) };
  const next = adamaxUpdate(state, leaf(-2), scalars, { beta1: 0.5, beta2: 0.5, epsilon: 1 });
  const values = [next.parameters, next.ema, ...Object.values(next.moments)].map((part) => part.levels[0].weight.js());
  expect(values).toBeAllClose([1 + 0.25 / 3, 1 + 0.125 / 3, -1, 3]);
});

test("a state whose keys stand in another order is refused, not paired with the wrong gradients", () => {
  const first = () => ({ a: np.zeros([1]), b: np.zeros([1]) });
  const second = () => ({ b: np.zeros([1]), a: np.zeros([1]) });
  const state = { parameters: first(), ema: second(), moments: { firstMoment: first(), infinityNorm: first() } };
  const scalars = { stepSize: np.array(0.1), emaDecay: np.array(0.5) };
  expect(() => adamaxUpdate(state, first(), scalars, constants)).toThrow(
    "update: ema must have the gradients' structure JsTreeDef({a: *, b: *}), got JsTreeDef({b: *, a: *})",
  );
});
