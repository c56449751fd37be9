import { lax, numpy as np, valueAndGrad } from "@jax-js/jax";
import { expect, test } from "vitest";
import { prepare } from "../compile.js";
import { peakBytes } from "../graph/cost.js";
import type { Equation, Graph } from "../graph/graph.js";
import { checkpoint, softplus, swish } from "../primitives.js";
import { spec } from "../spec.js";
import { stableHloTarget } from "../stablehlo/target.js";

const convolve = (x: np.Array, w: np.Array) => lax.conv(x, w, [1, 1], "SAME");
const [n, c, side] = [4, 6, 8];
const image = spec([n, c, side, side]);
const kernel = spec([c, c, 3, 3]);

/** The graph of a function, with activations in bfloat16 unless said otherwise. */
const graphOf = (fn: unknown, specs: unknown[], precision: "float32" | "bfloat16" = "bfloat16"): Graph =>
  prepare(fn as never, specs, { target: stableHloTarget(precision, 1) }).graph;

/** Operation and type of each equation but casts and what goes by another name, in order. */
const typed = ({ equations }: Graph): string[] =>
  equations
    .filter(({ op }) => op !== "cast" && op !== "recompute")
    .map(({ op, outputs }) => `${op} ${outputs.map(({ dtype }) => dtype).join()}`);

test("inside a block all is narrow; its result, which goes out, is wide", () => {
  const block = (x: np.Array, v: np.Array, w: np.Array) => convolve(swish(convolve(swish(x), v)), w);
  expect(typed(graphOf(block, [image, kernel, kernel]))).toEqual([
    "sigmoid float32", // of an input
    "mul float32",
    "conv bfloat16",
    "sigmoid bfloat16",
    "mul bfloat16",
    "conv float32",
  ]);
});

test("means, variances and latents are wide, and what is split off beside them goes on narrow", () => {
  const layer = (x: np.Array, v: np.Array, w: np.Array, noise: np.Array) => {
    const stream = convolve(x, v.ref);
    const [mean, raw, rest] = np.split(convolve(stream.ref, v.ref), [2, 4], 1);
    const variance = softplus(raw);
    const rate = np.log(variance.ref).add(np.square(mean.ref)).sum([1, 2, 3]);
    const latent = mean.add(np.sqrt(variance).mul(noise));
    return [rate, convolve(stream.add(convolve(latent, w)).add(np.concatenate([rest.ref, rest.ref, rest], 1)), v)];
  };
  const specs = [image, kernel, spec([c, 2, 1, 1]), spec([n, 2, side, side])];
  expect(typed(graphOf(layer, specs))).toEqual([
    "conv bfloat16", // the stream
    "conv float32",
    "split float32,float32,float32",
    ...["softplus float32", "log float32", "mul float32", "add float32", "reduce float32"], // the rate
    ...["sqrt float32", "mul float32", "add float32"], // the latent
    ...["conv bfloat16", "add bfloat16", "concatenate bfloat16", "add bfloat16"], // the stream again
    "conv float32",
  ]);
});

/** Residual blocks, halved in between, and the mean square of a last convolution. */
const network = (w: np.Array, bias: np.Array, x: np.Array): np.Array => {
  let stream = convolve(x, w.ref);
  for (let index = 0; index < 3; index++) {
    stream = checkpoint(stream);
    const hidden = convolve(swish(stream.ref), w.ref).add(bias.ref.reshape([1, c, 1, 1]));
    stream = stream.add(convolve(swish(hidden), w.ref));
  }
  const halved = stream.reshape([n, c, side / 2, 2, side / 2, 2]).mean([3, 5]);
  bias.dispose();
  return np.square(convolve(halved, w)).mean();
};
const gradients = valueAndGrad(network, { argnums: [0, 1] });
const networkSpecs = [kernel, spec([c]), image];
const isImage = ({ shape }: { shape: readonly number[] }) => shape[0] === n && shape.length === 4;

test("cotangents are narrow as activations are, and only a loss and its cotangent are wide", () => {
  const { equations } = graphOf(gradients, networkSpecs);
  const wide = equations.filter(({ outputs }) => isImage(outputs[0]) && outputs[0].dtype === "float32");
  const narrow = equations.filter(({ outputs }) => isImage(outputs[0]) && outputs[0].dtype === "bfloat16");
  const computed = (list: readonly Equation[]) => list.filter(({ op }) => op !== "cast").map(({ op }) => op);
  expect(computed(wide)).toEqual(["reduce", "conv", "mul"]); // what was halved, the last convolution, its cotangent
  expect(computed(narrow).length).toBeGreaterThan(40);
});

test("gradients of parameters are float32, and every sum is one of float32", () => {
  const { equations, outputs } = graphOf(gradients, networkSpecs);
  expect(outputs.map(({ dtype }) => dtype)).toEqual(["float32", "float32", "float32"]);
  const sums = equations.filter(({ op }) => op === "reduce");
  expect(new Set(sums.map(({ inputs: [x] }) => x.dtype))).toEqual(new Set(["float32"]));
  const filters = equations.filter(({ op, outputs: [y] }) => op === "conv" && y.shape[2] === 3);
  expect(filters.map(({ inputs }) => inputs.map(({ dtype }) => dtype).join())).toEqual(
    filters.map(() => "bfloat16,bfloat16"),
  );
  expect(new Set(filters.map(({ outputs: [y] }) => y.dtype))).toEqual(new Set(["float32"]));
});

test("kernels are cast before they are mirrored, once for both directions", () => {
  const { equations } = graphOf(gradients, networkSpecs);
  const flips = equations.filter(({ op }) => op === "flip");
  expect(flips.map(({ inputs: [x] }) => x.dtype)).toEqual(["bfloat16"]);
  const casts = equations.filter(({ op, inputs: [x] }) => op === "cast" && x.shape[2] === 3 && x.dtype === "float32");
  expect(casts.length).toBe(1);
});

test("it takes little more than half the memory", () => {
  const [wide, narrow] = (["float32", "bfloat16"] as const).map((precision) =>
    peakBytes(graphOf(gradients, networkSpecs, precision)),
  );
  expect(narrow).toBeLessThan(0.7 * wide);
});

test("scores of attention are wide, and so are their cotangents", () => {
  const attend = (x: np.Array, w: np.Array) => {
    const rows = convolve(x, w)
      .reshape([n, c, side * side])
      .transpose([0, 2, 1]);
    const scores = np.exp(np.matmul(rows.ref, rows.ref.transpose([0, 2, 1])));
    return np.square(np.matmul(scores, rows)).sum();
  };
  const { equations } = graphOf(valueAndGrad(attend), [image, kernel]);
  const scores = equations.filter(({ outputs: [y] }) => y.shape.length === 3 && y.shape[1] === y.shape[2]);
  const narrow = scores.filter(({ outputs: [y] }) => y.dtype === "bfloat16");
  expect(scores.length).toBeGreaterThan(5);
  expect(new Set(narrow.map(({ op }) => op))).toEqual(new Set(["cast", "recompute"])); // for products
});

test("products that no convolution comes before stay as they are", () => {
  const distances = (x: np.Array, y: np.Array) => np.matmul(x, y.transpose());
  const specs = [spec([5, 7]), spec([9, 7])];
  expect(graphOf(distances, specs).equations).toEqual(graphOf(distances, specs, "float32").equations);
});
