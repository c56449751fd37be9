import { expect, test } from "vitest";
import { Meter } from "./meter.js";
import type { StepReport } from "./trainer.js";

const report = (lossNats: number, skipped = false): StepReport => ({
  lossNats,
  distortionNats: 2 * lossNats,
  klNats: 0,
  klWeightedNats: 0,
  spectral: 0,
  groupKlNats: [lossNats, 1],
  gradientNorm: 3,
  learningRate: lossNats / 100,
  skipped,
});

const step = (seconds: number, waitedSeconds = 0) => ({ images: 8, seconds, waitedSeconds });

test("means are over the steps since the last reset", () => {
  const meter = new Meter();
  expect(meter.isEmpty).toBe(true);
  meter.add(report(99), step(1));
  meter.reset();
  meter.add(report(1), step(0.5, 0.1));
  meter.add(report(3), step(1.5, 0.3));
  expect(meter.isEmpty).toBe(false);
  expect(meter.means()).toMatchObject({ lossNats: 2, distortionNats: 4, groupKlNats: [2, 1], imagesPerSecond: 8 });
  expect(meter.means().learningRate).toBe(0.03);
  expect(meter.means().dataWaitShare).toBeCloseTo(0.2);
});

test("a skipped batch does not spoil the means, unless there is no other", () => {
  const meter = new Meter();
  meter.add(report(Number.NaN, true), step(1));
  expect(meter.means().lossNats).toBeNaN();
  meter.add(report(5), step(1));
  expect(meter.means().lossNats).toBe(5);
});
