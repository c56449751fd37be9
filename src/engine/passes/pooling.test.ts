/** Reductions over windows are recognised for what they are, and only those. */
import { lax, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import { prepare } from "../compile.js";
import { spec } from "../spec.js";

/** The equations of `fn` of an image of 4×5. */
function operations(fn: (x: np.Array) => np.Array): unknown[] {
  const { graph } = prepare((x: np.Array) => [fn(x)], [spec([1, 2, 4, 5])]);
  return graph.equations.map(({ op, params }) => [op, params]);
}

const padded = (x: np.Array) =>
  np.pad(x, [
    [0, 0],
    [0, 0],
    [1, 1],
    [1, 1],
  ]);
const sums = (x: np.Array) => lax.reduceWindow(padded(x), (w) => np.sum(w), [3, 3]);
const share = (corner: number) => {
  const [rows, columns] = [
    [2, 3, 3, 2],
    [2, 3, 3, 3, 2],
  ];
  const shares = rows.flatMap((h) => columns.map((w) => 1 / (h * w)));
  return np.array(Float32Array.from([corner, ...shares.slice(1)])).reshape([4, 5]);
};

const [none, one] = [0, 1].map((width) => [
  [width, width],
  [width, width],
]);

test("the largest of each window", () => {
  expect(operations((x) => lax.reduceWindow(x, (w) => np.max(w), [3, 3], [2, 2]))).toEqual([
    ["pool", { op: "max", window: [3, 3], strides: [2, 2], padding: none }],
  ]);
});

test("the mean of the pixels of each window that are not padding", () => {
  expect(operations((x) => sums(x).mul(share(1 / 4)))).toEqual([
    ["pool", { op: "mean", window: [3, 3], strides: [1, 1], padding: one }],
  ]);
});

test("sums of windows times anything else stay sums of padded windows", () => {
  expect(operations((x) => sums(x).mul(share(1 / 9))).map((each) => (each as [string])[0])).toEqual([
    "pad",
    "pool",
    "mul",
    "reshape",
    "mul",
  ]);
});

test("other reductions, and windows along other axes, are gathered", () => {
  const names = (fn: (x: np.Array) => np.Array) => operations(fn).map((each) => (each as [string])[0]);
  expect(names((x) => lax.reduceWindow(x, (w) => np.min(w), [3, 3]))).toContain("gather");
  expect(names((x) => lax.reduceWindow(x.reshape([2, 20]), (w) => np.max(w), [3]))).toContain("gather");
});
