import { lax, numpy as np, valueAndGrad } from "@jax-js/jax";
import { expect, test } from "vitest";
import { checkpoint, swish } from "../primitives.js";
import { spec } from "../spec.js";
import { trace } from "../trace/trace.js";
import { lowerToStableHlo } from "./lower.js";
import { stableHloPasses } from "./passes.js";

const BLOCKS = 3;
const convolve = (x: np.Array, w: np.Array) => lax.conv(x, w, [1, 1], "SAME");

/** Residual blocks of one convolution, then the product of all pixels with a matrix. */
const network = (kernels: np.Array, image: np.Array, matrix: np.Array): np.Array => {
  let x = image;
  for (const kernel of np.split(kernels, BLOCKS)) {
    x = checkpoint(x);
    x = x.ref.add(swish(convolve(swish(x), kernel.reshape([4, 4, 3, 3]))));
  }
  return np.square(np.matmul(x.reshape([2, 144]), matrix)).mean();
};

/** How often each operation is in the program of the network's value and gradient. */
function operationCounts(rematerialised: boolean): Map<string, number> {
  const specs = [spec([BLOCKS, 4, 4, 3, 3]), spec([2, 4, 6, 6]), spec([144, 5])];
  const { graph } = trace(valueAndGrad(network) as never, specs, () => undefined);
  const prepared = stableHloPasses(rematerialised, "float32").reduce((current, pass) => pass(current), graph);
  const text = lowerToStableHlo(prepared, { precision: "float32" });
  const counts = new Map<string, number>();
  for (const [, name] of text.matchAll(/%\d+ = "(.+?)"/g)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

test("a gradient becomes convolutions and products, with nothing left to tell XLA twice", () => {
  const counts = operationCounts(false);
  expect(counts.get("stablehlo.convolution")).toBe(3 * BLOCKS - 1); // forward, of kernels, of all images but the first
  expect(counts.get("stablehlo.dot_general")).toBe(2);
  expect(counts.has("stablehlo.optimization_barrier")).toBe(false);
});

test("the inside of all blocks but the last is recomputed, from behind a barrier", () => {
  const [kept, recomputed] = [false, true].map(operationCounts);
  expect(recomputed.get("stablehlo.optimization_barrier")).toBe(BLOCKS);
  expect(recomputed.get("stablehlo.convolution")).toBe(kept.get("stablehlo.convolution")! + BLOCKS - 1);
});
