import "../../test/support/all-close.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { meanColours } from "../../test/support/features.js";
import { discs } from "../../test/support/tiny.js";
import { spreadIndices } from "../data/index.js";
import { Runtime } from "../engine/index.js";
import { measureFeatures } from "./feature-set.js";
import { distanceOfPart, withoutPart } from "./finite-sample.js";
import { streamImages, streamSet } from "./image-streams.js";
import { momentsOf } from "./metrics/moments.js";

let runtime: Runtime;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
});
afterAll(() => runtime.dispose());

const set = discs(600);

test("statistics are those of all images, rows those of evenly spaced ones", async () => {
  const extractor = meanColours();
  const all = await extractor.extract(set);
  const features = await measureFeatures(streamSet(set), extractor, { keep: 7, logits: true, runtime });
  expect(features.moments.mean).toEqual((await momentsOf(all.pooled, 3, { runtime })).mean);
  expect(features.moments.count).toBe(600);
  expect(features.spatialMoments?.mean).toHaveLength(2);
  expect(features.logits).toEqual(all.logits);
  expect(features.rowCount).toBe(7);
  for (const [row, image] of spreadIndices(600, 7).entries()) {
    expect(features.rows.subarray(3 * row, 3 * row + 3)).toEqual(all.pooled.subarray(3 * image, 3 * image + 3));
  }
});

test("a set gives the same features from memory as read part by part", async () => {
  const extractor = meanColours();
  const read = await measureFeatures(streamSet(set), extractor, { runtime });
  const held = await measureFeatures(streamImages(set), extractor, { runtime });
  expect(read).toEqual(held);
});

test("a stream with fewer or more pictures than it says is refused", async () => {
  const { parts } = streamImages(discs(5));
  const measured = (count: number) =>
    measureFeatures({ count, resolution: 8, parts }, meanColours(), { keep: 2, runtime });
  await expect(measured(6)).rejects.toThrow("expected 6 pictures, got 5");
  await expect(measureFeatures({ ...streamImages(discs(5)), count: 4 }, meanColours(), { runtime })).rejects.toThrow(
    "expected 4 pictures, got more",
  );
});

test("the moments of the rest of a set are those of its other images", async () => {
  const { rows } = await measureFeatures(streamSet(set), meanColours(), { runtime });
  const [all, part, rest] = await Promise.all(
    [rows, rows.subarray(0, 3 * 150), rows.subarray(3 * 150)].map((of) => momentsOf(of, 3, { runtime })),
  );
  const computed = withoutPart(all, part);
  expect(computed.count).toBe(450);
  expect([...computed.mean]).toBeAllClose([...rest.mean], { rtol: 1e-12 });
  expect([...computed.covariance]).toBeAllClose([...rest.covariance], { rtol: 1e-9, atol: 1e-15 });
});

test("a random part of a set is near the rest, nearer the larger it is, and there is none of more than half", async () => {
  const features = await measureFeatures(streamSet(set), meanColours(), { runtime });
  const mean = async (size: number) => {
    const seeds = [0, 1, 2, 3, 4, 5, 6, 7];
    const distances = await Promise.all(seeds.map((seed) => distanceOfPart(features, size, seed, { runtime })));
    return distances.reduce((sum: number, distance) => sum + distance! / seeds.length, 0);
  };
  const [few, many] = [await mean(10), await mean(200)];
  expect(few).toBeGreaterThan(3 * many);
  expect(many).toBeGreaterThan(0);
  expect(await distanceOfPart(features, 300, 0, { runtime })).toBeGreaterThan(0);
  expect(await distanceOfPart(features, 301, 0, { runtime })).toBeUndefined();
});
