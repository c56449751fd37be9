import { grad, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import { prepare } from "../compile.js";
import { multiplyAccumulates } from "../graph/cost.js";
import { sizeOf, spec } from "../spec.js";

test("attention over the pixels of an image never fills tokens × tokens × channels, forward or backward", () => {
  const [n, c, side] = [2, 8, 6];
  const tokens = side * side;
  const attend = (x: np.Array): np.Array => {
    const rows = x.reshape([n, c, tokens]).transpose([0, 2, 1]); // [N, T, C], behind a reshape that merges two axes
    const scores = np.matmul(rows.ref, rows.ref.transpose([0, 2, 1]));
    return np.square(np.matmul(np.exp(scores), rows)).sum();
  };
  const { graph } = prepare((x: np.Array) => grad(attend)(x), [spec([n, c, side, side])]);
  const largest = Math.max(...graph.equations.flatMap(({ outputs }) => outputs.map(({ shape }) => sizeOf(shape))));
  expect(largest).toBe(n * tokens * tokens);
  expect(multiplyAccumulates(graph)).toBe(6 * n * tokens * tokens * c); // two products, and two for the gradient of each
});
