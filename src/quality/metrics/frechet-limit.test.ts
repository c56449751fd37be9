import { afterAll, describe, expect, test } from "vitest";
import { Runtime } from "../../engine/index.js";
import { normal } from "../../random/index.js";
import { frechetDistance } from "./frechet.js";
import { frechetLimit } from "./frechet-limit.js";
import { type Moments, momentsOf } from "./moments.js";

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const width = 16;
/** Of a standard normal distribution, known exactly. */
const standard: Moments = {
  count: Number.POSITIVE_INFINITY,
  mean: new Float64Array(width),
  covariance: Float64Array.from({ length: width ** 2 }, (_, at) => Number(at % (width + 1) === 0)),
};

/** Samples of a normal distribution with this mean and deviation in every direction. */
const samples = (trial: number, count: number, mean: number, deviation: number) =>
  normal([5, trial], count * width).map((value) => mean + deviation * value);

const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("of normal distributions, whose distance is known", () => {
  test.each([
    ["the same", 0, 1, 0],
    ["apart by half a deviation, and wider", 0.5, 1.2, width * (0.5 ** 2 + 0.2 ** 2)],
  ])("%s: the limit is nearer to the truth than the distance of all samples", async (_, mean, deviation, truth) => {
    const found: { all: number; limit: number }[] = [];
    for (let trial = 0; trial < 12; trial++) {
      const rows = samples(trial, 400, mean, deviation);
      const all = await frechetDistance(await momentsOf(rows, width, { runtime }), standard, { runtime });
      found.push({ all, limit: await frechetLimit(rows, width, standard, { seed: trial, runtime }) });
    }
    const bias = (of: "all" | "limit") => average(found.map((each) => each[of])) - truth;
    expect(bias("all")).toBeGreaterThan(0.15); // (p² + 5p) / 4n of the same distribution, 0.21
    expect(Math.abs(bias("limit"))).toBeLessThan(bias("all") / 2);
  });
});
