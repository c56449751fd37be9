import { expect, test } from "vitest";
import { fixtureMetrics } from "../../test/support/report-fixture.js";
import type { MetricsLine } from "../training/run/metrics-log.js";
import { summaryFigures } from "./summary.js";

const metrics = fixtureMetrics();

test("the figures are those at the end of the log, each with its meaning", () => {
  const figures = summaryFigures(metrics);
  expect(figures.map(({ name, value }) => `${name}: ${value}`)).toEqual([
    "training time: 8 min 42 s",
    "images seen: 57,600",
    "images per second: 110.3",
    "parameters: 1.3 M",
    "held-out PSNR: 28.3 dB",
    "held-out bits per dimension: 4.48",
    "training-set bits per dimension: 4.40",
    "updates skipped: 1",
  ]);
  expect(figures[1].meaning).toBe("about 19 passes over 3,052 training images");
  // 255 · 10^(−28.3 / 20) = 9.8
  expect(figures[4].meaning).toBe("reconstructions of 339 unseen images are off by about 10 of 255 levels");
});

test("without held-out images the bound is that of training images", () => {
  const seen = metrics.filter((line) => line.type !== "validation" || line.split === "train");
  expect(summaryFigures(seen).at(-2)).toEqual({
    name: "training-set bits per dimension",
    value: "4.40",
    meaning: "upper bound on what a training image costs per colour value, none held out; stored raw, 8",
  });
});

test("what the log does not hold is left out", () => {
  expect(summaryFigures([])).toEqual([]);
  const names = summaryFigures(metrics.filter(({ type }) => type === "run")).map(({ name }) => name);
  expect(names).toEqual(["parameters"]);
});

test("reasons of skipped updates and a best model before the last are told", () => {
  const last = metrics.findLast((line) => line.type === "validation" && line.split === "validation");
  const at = { step: 3700, images: 59_200, seconds: 530 };
  const skip = { ...at, type: "skip", reason: "non-finite loss", consecutive: 1, gradientNorm: Number.NaN } as const;
  const losses = { lossNats: Number.NaN, distortionNats: 1, klNats: 1, groupKlNats: [1] };
  const worse = { ...last!, ...at, bitsPerDim: 5 } as MetricsLine;
  const plateau = { ...at, type: "plateau", bestStep: 3600, bestBitsPerDim: 4.48, evaluations: 3 } as const;
  const figures = (...more: MetricsLine[]) =>
    summaryFigures([...metrics, { ...skip, ...losses }, ...more]).map(
      ({ name, value, meaning }) => `${name}: ${value} (${meaning})`,
    );
  expect(figures(worse)).toContain(
    "best held-out bits per dimension: 4.48 (at step 3,600, before the last; its checkpoint is kept as best)",
  );
  expect(figures(worse, plateau)).toContain(
    "best held-out bits per dimension: 4.48 (at step 3,600, before the last; no better in the 3 evaluations up to step 3,700)",
  );
  expect(figures()).toContain("updates skipped: 1 (1 for a non-finite loss)");
});
