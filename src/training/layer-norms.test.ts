import { expect, test } from "vitest";
import { layerNorms } from "./layer-norms.js";

test("layers with numbers that are not finite come first, then the largest; weight and bias are one layer", () => {
  const paths = ["encoder.input.weight", "encoder.input.bias", "generator.output.weight", "bias", "middle.weight"];
  const values = [[3, 0], [4], [1e30, -1e30], [1], [Number.NaN, 2, Number.NEGATIVE_INFINITY]];
  const norms = layerNorms(
    paths,
    values.map((row) => Float32Array.from(row)),
  );
  expect(norms.map(({ layer, nonFinite }) => [layer, nonFinite])).toEqual([
    ["middle", 2],
    ["generator.output", 0],
    ["encoder.input", 0],
    ["bias", 0],
  ]);
  expect(norms.map(({ norm }) => norm / [2, Math.SQRT2 * 1e30, 5, 1][norms.findIndex((n) => n.norm === norm)])).toEqual(
    [1, expect.closeTo(1, 6), 1, 1],
  );
});
