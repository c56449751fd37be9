import { expect, test } from "vitest";
import { tinyConfig } from "../../../test/support/tiny.js";
import { stepCost } from "../gradients.js";
import { chooseSettings, type Fitted, fitToMemory, trainingBytes } from "./memory.js";

/** A model of 10 bytes and 4 an image; 1 an image when rematerialised. */
const bytes = ({ microBatchSize, rematerialise }: Fitted) => 10 + (rematerialise ? 1 : 4) * microBatchSize;
const open = { batchSize: 12, microBatchSize: "auto", rematerialise: "auto" } as const;

test.each([
  ["the whole batch, where it fits", 58, { microBatchSize: 12, rematerialise: false }],
  ["the largest divisor that fits", 57, { microBatchSize: 6, rematerialise: false }],
  ["rematerialisation rather than tiny micro-batches", 25, { microBatchSize: 12, rematerialise: true }],
  ["tiny ones rematerialised", 13, { microBatchSize: 3, rematerialise: true }],
  ["the smallest where nothing fits", 5, { microBatchSize: 1, rematerialise: true }],
])("what is left open becomes %s", (_, budget, expected) => {
  expect(chooseSettings(open, budget, { most: 12, ranks: 1 }, bytes)).toEqual(expected);
});

test("what is set stays", () => {
  expect(chooseSettings({ ...open, rematerialise: false }, 25, { most: 12, ranks: 1 }, bytes)).toEqual({
    microBatchSize: 3,
    rematerialise: false,
  });
  expect(chooseSettings({ ...open, microBatchSize: 6 }, 25, { most: 1, ranks: 1 }, bytes)).toEqual({
    microBatchSize: 6,
    rematerialise: true,
  });
});

test.each([
  ["no more images than their work allows", 5, 4],
  ["four all the same", 1, 4],
])("a micro-batch that is chosen has %s", (_, most, microBatchSize) => {
  expect(chooseSettings(open, 1000, { most, ranks: 1 }, bytes)).toEqual({ microBatchSize, rematerialise: false });
});

test.each([
  [1, 12],
  [2, 6],
  [3, 4],
  [4, 3],
  [5, 12], // which cannot be shared: whoever starts the ranks says so
])("for %i ranks it is one of which each has as many", (ranks, microBatchSize) => {
  expect(chooseSettings(open, 1000, { most: 12, ranks }, bytes)).toEqual({ microBatchSize, rematerialise: false });
});

test("the memory of a training step: less when rematerialised, less in smaller parts", () => {
  const estimate = (training: Fitted) => {
    const config = tinyConfig({ training });
    return trainingBytes(config, stepCost(config).peakBytes);
  };
  const whole = estimate({ microBatchSize: 8, rematerialise: false });
  expect(estimate({ microBatchSize: 8, rematerialise: true })).toBeLessThan(whole);
  expect(estimate({ microBatchSize: 2, rematerialise: false })).toBeLessThan(whole);
  expect(fitToMemory(tinyConfig(), { device: "cpu", threads: 2, available: 2 ** 34 }).training).toMatchObject({
    microBatchSize: 8,
    rematerialise: false,
  });
});
