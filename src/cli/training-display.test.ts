import { expect, test } from "vitest";
import { bitsPerDim, progressLine } from "./training-display.js";

test("nats of an image become bits per dimension", () => {
  expect(bitsPerDim(3072 * Math.LN2, 32)).toBeCloseTo(1);
});

test("a progress line says how far, how long, how fast and how well, in that order", () => {
  const nats = 3072 * Math.LN2;
  const progress = {
    type: "progress",
    step: 120,
    images: 1920,
    seconds: 30,
    imagesPerSecond: 64.04,
    skips: 0,
  } as const;
  const losses = { lossNats: 3 * nats, distortionNats: 2 * nats, klNats: nats, share: 0.3, secondsLeft: 70 };
  expect(progressLine({ ...progress, ...losses }, 32)).toBe(
    "30 %  1 min 10 s left  64.0 images/s  bits/dim: loss 3.00 distortion 2.00 KL 1.00  step 120",
  );
  expect(progressLine({ ...progress, ...losses, skips: 2 }, 32)).toContain("step 120  2 skipped");
});
