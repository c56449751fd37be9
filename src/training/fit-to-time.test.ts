import { expect, test } from "vitest";
import { resolvePreset } from "../config/index.js";
import { fitToTime } from "./fit-to-time.js";

const preset = resolvePreset("emoji32-small");

test("steps follow from the rate and the time, and the schedule ends with them", () => {
  const { training, optimizer } = fitToTime(preset, 80, 500);
  expect(training.steps).toBe(Math.floor((1.05 * 500 * 80) / preset.training.batchSize));
  expect(optimizer.decaySteps).toBe(training.steps);
  expect(training.evaluateEvery * 10).toBeGreaterThanOrEqual(training.steps);
});

test("a time too short for anything still gives a few steps and a warm-up that ends", () => {
  const { training, optimizer } = fitToTime(preset, 80, -3);
  expect(training.steps).toBe(20);
  expect(optimizer.warmupSteps).toBe(2);
});
