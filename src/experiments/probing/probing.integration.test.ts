import { afterAll, expect, test } from "vitest";
import { discs, tinyModel } from "../../../test/support/tiny.js";
import { take } from "../../data/index.js";
import { Runtime } from "../../engine/index.js";
import { decodeLatents } from "../../inference/sampling/decode-latents.js";
import { classDirection, moveAlong, swapGroups } from "./latent-arithmetic.js";
import { probeImages } from "./probe-images.js";
import { probeModel, probePixels } from "./probe-model.js";

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const all = discs(110, { labels: true });
const range = (from: number, to: number) =>
  take(
    all,
    [...Array(to - from).keys()].map((i) => from + i),
  );
const splits = { train: range(0, 60), validation: range(60, 80), test: range(80, 110), skipped: [], unused: [] };
const none = range(0, 0);
const model = tinyModel();

test("what is learnt from, chosen by and tested by never overlap", () => {
  const usual = probeImages(splits, 1000);
  expect(usual).toMatchObject({ known: 60, chosen: 20, tested: 30, testedSplit: "test" });
  expect([...usual.images.labels.subarray(80, 110)]).toEqual([...splits.test.labels]);
  const without = probeImages({ ...splits, test: none }, 1000);
  expect(without).toMatchObject({ known: 48, chosen: 12, tested: 20, testedSplit: "validation" });
  expect([...without.images.labels.subarray(60, 80)]).toEqual([...splits.validation.labels]);
  expect(() => probeImages({ ...splits, train: { ...splits.train, classes: [] } }, 10)).toThrow("at least two classes");
  expect(() => probeImages({ ...splits, test: none, validation: none }, 10)).toThrow("some held out");
});

test("groups are probed one after another, and what they cost adds up", async () => {
  const data = probeImages(splits, 1000);
  const { groups, means } = await probeModel(model, data, { batch: 16, runtime });
  expect(groups.map(({ groups: k, dimensions }) => [k, dimensions])).toEqual([
    [1, 4],
    [2, 68],
    [3, 324],
  ]);
  groups.forEach(({ bits }, index) => {
    expect(bits).toBeGreaterThan(index === 0 ? 0 : groups[index - 1].bits);
  });
  for (const { linear, nearest, neighbours } of groups) {
    expect(linear.right).toHaveLength(30);
    expect(nearest.right).toHaveLength(30);
    expect(neighbours.flat().every((row) => row < 60)).toBe(true);
  }
  expect(means[1]).toHaveLength(data.images.count * 64);
});

test("pixels tell where a disc lies, and all principal components as much as pixels", async () => {
  const data = probeImages(splits, 1000);
  const { pixels, components } = await probePixels(data, [4, 500, 501], { runtime });
  expect(pixels.dimensions).toBe(192);
  expect(pixels.linear.accuracy).toBeGreaterThan(0.6);
  expect(components.map(({ dimensions }) => dimensions)).toEqual([4]); // 60 images span no 500
});

test("told one class, a model with classes is probed without the true ones", async () => {
  const labelled = tinyModel({ model: { classes: 4 } });
  const data = probeImages(splits, 1000);
  const turned = { ...data, images: { ...data.images, labels: data.images.labels.map((label) => (label + 1) % 4) } };
  const [a, b] = [
    await probeModel(labelled, data, { runtime, label: 2 }),
    await probeModel(labelled, turned, { runtime, label: 2 }),
  ];
  expect(a.means).toEqual(b.means);
});

test("swapped groups begin with one image and end with the other; half way both count", async () => {
  const data = probeImages(splits, 1000);
  const { means } = await probeModel(model, data, { runtime });
  const stages = await swapGroups(model, means, [[3, 7]], { runtime });
  expect(stages).toHaveLength(4);
  const size = (values: Float32Array) => values.length / data.images.count;
  const own = (row: number) => means.map((values) => values.slice(row * size(values), (row + 1) * size(values)));
  expect(stages[0].images).toEqual((await decodeLatents(model, own(7), { runtime })).images);
  expect(stages[3].images).toEqual((await decodeLatents(model, own(3), { runtime })).images);
  expect(stages[1].images).not.toEqual(stages[0].images);
  expect(stages[1].images).not.toEqual(stages[3].images);
});

test("a direction leads from the mean of one class to that of another along it; the control is as long", async () => {
  const means = [Float32Array.of(0, 0, 2, 0, 0, 1, 2, 1, 9, 9)]; // four known images of two numbers, and another
  const labels = Int32Array.of(0, 1, 0, 1);
  const coefficients = Float64Array.of(1, -1, -1, 1, 1, -1, -1, 1); // [known, classes]
  const { found, control } = classDirection(means, 5, {
    ...{ coefficients, labels, classes: 2, kept: 1, from: 0, to: 1, seed: 1 },
  });
  expect([...found.groups[0]]).toEqual([2, 0]);
  const length = (vector: Float64Array) => Math.hypot(...vector);
  expect(length(control.groups[0])).toBeCloseTo(2, 12);
});

test("an image that is moved by nothing stays what it is", async () => {
  const data = probeImages(splits, 1000);
  const { means } = await probeModel(model, data, { runtime });
  const direction = { groups: [Float64Array.of(3, -3, 3, -3)] };
  const [still, moved] = await moveAlong(model, means, [2], direction, [0, 1], { runtime });
  const [, , , own] = await swapGroups(model, means, [[2, 5]], { runtime });
  expect(still.images).toEqual(own.images);
  expect(moved.images).not.toEqual(still.images);
});
