import { numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../test/support/all-close.js";
import { averagePool, convolve, convolveAffine, dense, upsampleNearest } from "./layers.js";
import { block, residualBlock } from "./residual-block.js";

const image = (...values: number[]) => np.array(values).reshape([1, 1, 2, 2]);

test("a 3×3 convolution is a correlation over zero padding", () => {
  const weight = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9]).reshape([1, 1, 3, 3]);
  expect(
    convolve(weight, image(1, 0, 0, 0))
      .flatten()
      .js(),
  ).toEqual([5, 4, 2, 1]);
});

test("a 1×1 convolution mixes channels; the bias is per output channel", () => {
  const parameters = { weight: np.array([1, 2, 3, 4]).reshape([2, 2, 1, 1]), bias: np.array([10, 20]) };
  expect(
    convolveAffine(parameters, np.array([1, 1]).reshape([1, 2, 1, 1]))
      .flatten()
      .js(),
  ).toEqual([13, 27]);
});

test("a dense layer multiplies by the transposed matrix", () => {
  const parameters = { weight: np.array([1, 2, 3, 4, 5, 6]).reshape([2, 3]), bias: np.array([0.5, 0]) };
  expect(dense(parameters, np.array([[1, 0, -1]])).js()).toEqual([[-1.5, -2]]);
});

test("pooling averages, upsampling repeats", () => {
  expect(
    averagePool(image(1, 2, 3, 6), 2)
      .flatten()
      .js(),
  ).toEqual([3]);
  expect(upsampleNearest(image(1, 2, 3, 4), 2).js()).toEqual([
    [
      [
        [1, 1, 2, 2],
        [1, 1, 2, 2],
        [3, 3, 4, 4],
        [3, 3, 4, 4],
      ],
    ],
  ]);
});

test("a block adds the projected embedding of its label before the first swish, and the raw input at the end", () => {
  const identity = () => ({ weight: np.ones([1, 1, 1, 1]), bias: np.zeros([1]) });
  const label = { embedding: np.array([[1], [2], [-3]]), weight: np.array([[0.5]]), bias: np.array([0.25]) };
  const swish = (x: number) => x / (1 + Math.exp(-x));
  const parameters = () => ({ label: { ...label }, conv1: identity(), conv2: identity() });
  const x = [0.7, -0.4];
  const labels = np.array(new Int32Array([1, 2]));
  const bias = [1.25, -1.25];
  const result = residualBlock(parameters(), np.array(x).reshape([2, 1, 1, 1]), labels);
  expect(result.flatten().js()).toBeAllClose(x.map((value, i) => value + swish(swish(value + bias[i]))));
  expect(() => block(parameters(), np.zeros([1, 1, 1, 1]))).toThrow(
    "expected labels for a class-conditional model, got none",
  );
});
