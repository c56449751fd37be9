import { expect, test } from "vitest";
import { applySettings, resolvePreset } from "../../config/index.js";
import { summariseModel } from "./model-summary.js";

const tiny = applySettings(resolvePreset("emoji32-small"), [
  ...["model.resolution=8", "model.latentChannels=16", "model.finalBlocks=1"],
  `model.levels=[{"resolution":4,"channels":8,"encoderBlocks":1,"stochasticLayers":2},{"resolution":8,"channels":4,"encoderBlocks":1,"stochasticLayers":1}]`,
  "training.batchSize=2",
]);

test("parts, levels and groups of a small model", () => {
  const summary = summariseModel(tiny);
  expect(summary.parts.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(summary.parameters);
  expect(summary.groups.map(({ latentShape }) => latentShape)).toEqual([[16, 4, 4], [16, 4, 4], [16, 8, 8]]); // biome-ignore format: one line
  expect(summary.groups.reduce((sum, { share }) => sum + share!, 0)).toBeCloseTo(1);
  expect(summary.memoryBytes.weights).toBe(4 * summary.parameters);
  expect(summary.memoryBytes.training).toBeGreaterThan(0.4 * 2 ** 30 + 5 * summary.memoryBytes.weights);
});

test("multiply-accumulates of drawing an image are those of its convolutions", () => {
  const convolutions = (c: number) => [9 * c * c, 9 * c * (32 + c), 16 * c, 2 * 9 * c * c]; // prior, latent, shared
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const up = 9 * 8 * 4;
  const output = 2 * 9 * 4 * 4 + 4 * 6;
  const expected = 2 * 16 * sum(convolutions(8)) + 64 * (up + sum(convolutions(4)) + output);
  expect(summariseModel(tiny).multiplyAccumulates.generation).toBe(expected);
});

test("a training step costs more than three passes forward", () => {
  const { generation, training } = summariseModel(tiny).multiplyAccumulates;
  expect(training).toBeGreaterThan(3 * generation);
});
