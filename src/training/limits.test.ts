import { expect, test } from "vitest";
import { lastStep, showsPictures, workLeft } from "./limits.js";

const training = { steps: 4000, batchSize: 16 };

test.each([
  [{}, 4000],
  [{ minutes: 5 }, 4000],
  [{ steps: 9000 }, 9000],
  [{ images: 33 }, 3],
  [{ steps: 2, images: 33 }, 2],
  [{ steps: 0 }, 0],
])("limits %j end a run of 4000 steps at step %i", (limits, step) => {
  expect(lastStep(limits, training)).toBe(step);
});

test("time left is set by the nearer of the two limits", () => {
  const done = { step: 30, startStep: 10, lastStep: 110, elapsed: 20 };
  expect(workLeft(done)).toEqual({ share: 30 / 110, secondsLeft: 80 });
  expect(workLeft({ ...done, secondsLimit: 40 })).toEqual({ share: 0.5, secondsLeft: 20 });
  expect(workLeft({ ...done, elapsed: 50, secondsLimit: 40 })).toEqual({ share: 1, secondsLeft: 0 });
});

test("pictures come at growing intervals, then at even ones", () => {
  const steps = Array.from({ length: 1600 }, (_, step) => step).filter((step) => showsPictures(step, 500));
  expect(steps).toEqual([50, 100, 200, 400, 500, 1000, 1500]);
});
