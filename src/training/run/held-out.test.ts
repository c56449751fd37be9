import { expect, test } from "vitest";
import { bestOf, plateauNotice, plateauOf } from "./held-out.js";
import type { MetricsLine, PlateauLine, ValidationLine } from "./metrics-log.js";

const line = (step: number, bitsPerDim: number, split: ValidationLine["split"] = "validation"): ValidationLine => ({
  ...{ type: "validation", split, step, images: step, seconds: step, count: 8, bitsPerDim },
  ...{ boundNats: 1, distortionNats: 1, klNats: 0, psnrDb: 20, groupKlNats: [] },
});

/** Evaluations on held-out images every 100 steps. */
const evaluations = (...bounds: number[]): MetricsLine[] => bounds.map((bound, i) => line(100 * (i + 1), bound));

const plateau = (step: number): PlateauLine => ({
  ...{ type: "plateau", step, images: step, seconds: step, bestStep: 100, bestBitsPerDim: 3, evaluations: 3 },
});

test("the best is the smallest bound on held-out images, the first of equals, among the steps given", () => {
  const lines = [...evaluations(4, 3, Number.NaN, 3, 3.5), line(500, 1, "train")];
  expect(bestOf(lines)).toEqual({ step: 200, bitsPerDim: 3 });
  expect(bestOf(lines, [100, 500])).toEqual({ step: 500, bitsPerDim: 3.5 });
  expect(bestOf(lines, [300])).toBeUndefined();
  expect(bestOf([])).toBeUndefined();
});

test("a plateau is ten evaluations without a better one, or three over a fifth of the run", () => {
  const worse = (count: number) => evaluations(5, 3, ...Array<number>(count).fill(3));
  expect(plateauOf(worse(9), 10_000)).toBeUndefined();
  expect(plateauOf(worse(10), 10_000)).toEqual({ bestStep: 200, bestBitsPerDim: 3, evaluations: 10 });
  expect(plateauOf(worse(3), 1501)).toBeUndefined();
  expect(plateauOf(worse(3), 1500)).toEqual({ bestStep: 200, bestBitsPerDim: 3, evaluations: 3 });
  expect(plateauOf(worse(2), 10)).toBeUndefined();
  expect(plateauOf([], 10)).toBeUndefined();
});

test("it is told once for each best", () => {
  const long = evaluations(3, 4, 4, 4);
  expect(plateauOf([...long, plateau(400)], 100)).toBeUndefined();
  const better = [...long, plateau(400), line(500, 2), line(600, 3), line(700, 3)];
  expect(plateauOf(better, 100)).toBeUndefined();
  expect(plateauOf([...better, line(800, 2)], 100)).toMatchObject({ bestStep: 500, evaluations: 3 });
});

test("the advice depends on how training images fare", () => {
  const at400 = plateau(400);
  const learning = [line(100, 3, "train"), line(400, 2.5, "train")];
  expect(plateauNotice(at400, learning, false)).toBe(
    "step 400: the bound on held-out images has not improved in 3 evaluations, since step 100 (3.000 bits/dim). On " +
      'training images it kept falling (3.000 → 2.500): the model is memorising them. Stop and use `checkpoint: "best"`, or ' +
      "train again with more images, training.flips=true, a smaller model.",
  );
  expect(plateauNotice(at400, learning, true)).toContain("with more images, a smaller model.");
  for (const now of [2.9995, 3, 3.25]) {
    expect(plateauNotice(at400, [line(100, 3, "train"), line(400, now, "train")], false)).toMatch(
      /Nor has that on training images \(3\.000 → \d\.\d{3}\).*`checkpoint: "best"`/,
    );
  }
  expect(plateauNotice(at400, [line(400, 3, "train")], false)).not.toContain("training images");
});
