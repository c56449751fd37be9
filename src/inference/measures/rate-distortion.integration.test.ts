import { afterAll, beforeAll, expect, test } from "vitest";
import { discs, tinyModel } from "../../../test/support/tiny.js";
import { Runtime } from "../../engine/index.js";
import { reconstruct } from "../sampling/reconstruct.js";
import { heldOutBound } from "./held-out-bound.js";
import { rateDistortion } from "./rate-distortion.js";

let runtime: Runtime;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
});
afterAll(() => runtime.dispose());

const model = tinyModel();
const images = discs(6);
const nats = 192 * Math.LN2;

function rmse(a: Uint8Array, b: Uint8Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length);
}

test("at rate 0 and without a limit it is the error of what reconstruct shows, at no rate and at the model's", async () => {
  const { count, points } = await rateDistortion(model, images, { runtime, rates: [0, Infinity], batch: 4 });
  expect(count).toBe(6);
  const [none, all] = points;
  expect(none).toMatchObject({ allottedBitsPerDim: 0, rateBitsPerDim: 0 });
  expect(all.allottedBitsPerDim).toBeNull();
  const { klNats } = await heldOutBound(model, images, { runtime });
  expect(all.rateBitsPerDim).toBeCloseTo(klNats / nats, 5);
  for (const [point, groups] of [
    [none, 0],
    [all, 3],
  ] as const) {
    const shown = await reconstruct(model, images, { groups, runtime });
    expect(point.rmse).toBeCloseTo(rmse(shown.images, images.images), 6);
  }
});

test("by default twelve rates up to the model's; whole groups never use more than is allotted", async () => {
  const seen: [number, number][] = [];
  const onProgress = (done: number, count: number) => seen.push([done, count]);
  const { points } = await rateDistortion(model, images, { runtime, onProgress });
  expect(points).toHaveLength(12);
  const [first, ...rest] = points;
  expect(first.rateBitsPerDim).toBe(0);
  rest.forEach((point, i) => {
    expect(point.rateBitsPerDim).toBeLessThanOrEqual((point.allottedBitsPerDim ?? Infinity) + 1e-9);
    expect(point.rateBitsPerDim).toBeGreaterThanOrEqual(points[i].rateBitsPerDim);
  });
  const full = points[11].rateBitsPerDim;
  expect(points[6].allottedBitsPerDim).toBeCloseTo((full * 36) / 121, 9);
  expect(points.some(({ rateBitsPerDim }) => rateBitsPerDim > 0 && rateBitsPerDim < full)).toBe(true);
  expect(seen.at(-1)).toEqual([72, 72]);
});

test("of a mixture of logistics the error is that of the mean: the noise of draws has no part in it", async () => {
  const mixture = tinyModel({ objective: { output: "logistic-mixture", mixtures: 2 } });
  const { points } = await rateDistortion(mixture, images, { runtime, rates: [Infinity] });
  const drawn = await reconstruct(mixture, images, { runtime });
  expect(points[0].rmse).toBeLessThan(0.9 * rmse(drawn.images, images.images));
});

test("negative rates and a signal", async () => {
  await expect(rateDistortion(model, images, { rates: [1, -0.5] })).rejects.toThrow(
    "Expected rates of at least 0 bits per dimension, got -0.5.",
  );
  await expect(rateDistortion(model, images, { runtime, signal: AbortSignal.abort() })).rejects.toThrow("abort");
});
