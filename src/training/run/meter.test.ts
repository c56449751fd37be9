import { expect, test } from "vitest";
import type { StepReport } from "../trainer.js";
import { Meter, meterSchema } from "./meter.js";

const report = (lossNats: number, skipped?: StepReport["skipped"]): StepReport => ({
  lossNats,
  distortionNats: 2 * lossNats,
  klNats: 0,
  klWeightedNats: 0,
  spectral: 0,
  groupKlNats: [lossNats, 1],
  gradientNorm: 3,
  learningRate: (lossNats || 1) / 100,
  skipped,
});

const step = (seconds: number, waitedSeconds = seconds / 5) => ({ images: 8, seconds, waitedSeconds });

test("means are over the steps since the last reset", () => {
  const meter = new Meter();
  expect(meter.isEmpty).toBe(true);
  meter.add(report(99), step(1));
  meter.reset();
  meter.add(report(1), step(0.5));
  meter.add(report(3), step(1.5));
  expect(meter.isEmpty).toBe(false);
  expect(meter.means()).toMatchObject({ lossNats: 2, distortionNats: 4, groupKlNats: [2, 1], imagesPerSecond: 8 });
  expect(meter.means().learningRate).toBe(0.03);
  expect(meter.means().dataWaitShare).toBeCloseTo(0.2);
});

test("a skipped batch does not spoil the means, unless there is no other", () => {
  const meter = new Meter();
  meter.add(report(Number.NaN, "non-finite loss"), step(1));
  expect(meter.means().lossNats).toBeNaN();
  meter.add(report(5), step(1));
  expect(meter.means().lossNats).toBe(5);
});

test("a meter goes on from what another gathered, by way of JSON, to the same means", () => {
  const [whole, first] = [new Meter(), new Meter()];
  const reports = [report(0.1), report(Number.NaN, "non-finite loss"), report(0.7), report(1 / 3)];
  for (const each of reports) whole.add(each, step(1));
  for (const each of reports.slice(0, 2)) first.add(each, step(1));
  const second = new Meter(meterSchema.parse(JSON.parse(JSON.stringify(first.gathered))));
  expect(second.isEmpty).toBe(false);
  for (const each of reports.slice(2)) second.add(each, step(1));
  expect(second.means()).toEqual(whole.means());
  expect(second.gathered).toEqual(whole.gathered);
  expect(second.gathered.skipped.sums[0]).toBeNaN();
});
