import { expect, test } from "vitest";
import { initialise } from "./initialise.js";
import type { ModelParameters } from "./network.js";
import { ForeignName, type Initialiser, ParameterSpec } from "./parameter.js";

const parameter = (shape: number[], init: Initialiser) => new ParameterSpec(shape, init, ForeignName.model);

/** A tree with one parameter of interest among fillers. */
const alone = (spec: ParameterSpec): ModelParameters<ParameterSpec> => ({
  encoder: { input: { weight: spec, bias: parameter([7], { kind: "zeros" }) }, levels: [] },
  generator: { levels: [], finalBlocks: [], output: { weight: spec, bias: parameter([1], { kind: "zeros" }) } },
});
const drawn = (spec: ParameterSpec, seed = 3) => initialise(alone(spec), seed).encoder.input.weight;

function moments(values: Float32Array) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return { mean, variance, largest };
}

test("Glorot uniform, scaled", () => {
  const { mean, variance, largest } = moments(drawn(parameter([32, 16, 3, 3], { kind: "glorot-uniform", scale: 0.5 })));
  const limit = 0.5 * Math.sqrt(6 / (16 * 9 + 32 * 9));
  expect(mean / limit).toBeCloseTo(0, 1);
  expect(variance / (limit ** 2 / 3)).toBeCloseTo(1, 1);
  expect(largest / limit).toBeCloseTo(1, 2);
  expect(largest).toBeLessThanOrEqual(limit);
});

test("LeCun normal is cut off at two deviations of the normal it is made from", () => {
  const { variance, largest } = moments(drawn(parameter([200, 50], { kind: "lecun-normal" })));
  expect(variance * 50).toBeCloseTo(1, 1);
  expect(largest * Math.sqrt(50)).toBeLessThanOrEqual(2 / 0.8796);
  expect(largest * Math.sqrt(50)).toBeGreaterThan(2.2);
});

test("normal of the given variance, zeros", () => {
  const { mean, variance } = moments(drawn(parameter([101, 64], { kind: "normal", variance: 1 / 64 })));
  expect(mean).toBeCloseTo(0, 2);
  expect(variance * 64).toBeCloseTo(1, 1);
  expect(initialise(alone(parameter([2], { kind: "zeros" })), 0).encoder.input.bias).toEqual(new Float32Array(7));
});

test("the seed decides, and no two parameters share their numbers", () => {
  const spec = parameter([8, 8, 3, 3], { kind: "glorot-uniform", scale: 1 });
  expect(drawn(spec, 5)).toEqual(drawn(spec, 5));
  expect(drawn(spec, 5)).not.toEqual(drawn(spec, 6));
  const { encoder, generator } = initialise(alone(spec), 5);
  expect(encoder.input.weight).not.toEqual(generator.output.weight);
});
