import { lax, numpy as np, valueAndGrad } from "@jax-js/jax";
import { afterAll, expect, test } from "vitest";
import { floats, testRuntime } from "../../../test/support/against-jax.js";
import { compile, prepare } from "../compile.js";
import { peakBytes } from "../graph/cost.js";
import type { OperationName } from "../graph/graph.js";
import { checkpoint, swish } from "../primitives.js";
import { spec } from "../spec.js";

afterAll(() => testRuntime().dispose());

const convolve = (x: np.Array, w: np.Array) => lax.conv(x, w, [1, 1], "SAME");
const BLOCKS = 4;

/** Mean square after residual blocks of two convolutions each. */
const network = (weights: np.Array, image: np.Array): np.Array => {
  const kernels = np.split(weights, 2 * BLOCKS, 0).map((kernel) => kernel.reshape([16, 16, 3, 3]));
  let x = image;
  for (let block = 0; block < BLOCKS; block++) {
    x = checkpoint(x);
    const hidden = convolve(swish(x.ref), kernels[2 * block]);
    x = x.add(convolve(swish(hidden), kernels[2 * block + 1]));
  }
  return np.square(x).mean();
};
const step = (weights: np.Array, image: np.Array) => valueAndGrad(network)(weights, image);
const args = [spec([2 * BLOCKS, 16, 16, 3, 3]), spec([16, 16, 8, 8])];

const graphOf = (rematerialise: boolean) => prepare(step as never, args, { rematerialise }).graph;
const count = (wanted: OperationName, rematerialise: boolean) =>
  graphOf(rematerialise).equations.filter(({ op }) => op === wanted).length;

test("one convolution of every block but the last is computed again, and nothing else of weight", () => {
  expect(count("conv", true)).toBe(count("conv", false) + BLOCKS - 1);
  expect(count("dotGeneral", true)).toBe(count("dotGeneral", false));
  expect(count("checkpoint", true) + count("checkpoint", false)).toBe(0);
});

test("it takes less memory", () => {
  expect(peakBytes(graphOf(true))).toBeLessThan(0.8 * peakBytes(graphOf(false)));
});

test("value and gradient are the same bytes", async () => {
  const inputs = args.map(({ shape }) => floats(shape, 0.3).data);
  const results = [];
  for (const rematerialise of [false, true]) {
    const program = await compile(step as never, args, { runtime: testRuntime(), rematerialise });
    results.push(await program.run(...inputs));
    await program.dispose();
  }
  expect(results[1]).toEqual(results[0]);
});
