import { expect, test } from "vitest";
import { fixtureMetrics } from "../../test/support/report-fixture.js";
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
    "updates skipped: 1",
  ]);
  expect(figures[1].meaning).toBe("about 19 passes over 3,052 training images");
  // 255 · 10^(−28.3 / 20) = 9.8
  expect(figures[4].meaning).toBe("reconstructions of 339 unseen images are off by about 10 of 255 levels");
});

test("what the log does not hold is left out", () => {
  expect(summaryFigures([])).toEqual([]);
  const names = summaryFigures(metrics.filter(({ type }) => type === "run")).map(({ name }) => name);
  expect(names).toEqual(["parameters"]);
});
