import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import type { ImageSet } from "../../data/image-set.js";
import { Runtime } from "../../engine/index.js";
import { examplesOf } from "./examples.js";
import { openClassifier, stepsFor } from "./open-classifier.js";

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-classifier-"));
  process.env.STRATA_CACHE_DIR = folder;
});
afterEach(() => {
  process.env.STRATA_CACHE_DIR = "";
  rmSync(folder, { recursive: true });
});

const SIDE = 8;
const PLANE = SIDE ** 2;

/** Images of one colour each, red or green by their label. */
function colours(count: number, first = 0): ImageSet<Uint8Array> {
  const labels = Int32Array.from({ length: count }, (_, image) => image % 2);
  const images = new Uint8Array(count * 3 * PLANE);
  labels.forEach((label, image) => {
    images.fill(120 + ((37 * (image + first)) % 130), (image * 3 + label) * PLANE, (image * 3 + label + 1) * PLANE);
  });
  return { name: "colours", resolution: SIDE, count, classes: ["red", "green"], images, labels };
}

/** Images without labels, brighter towards the top. */
function skies(count: number, resolution = SIDE): ImageSet<Uint8Array> {
  const images = Uint8Array.from({ length: count * 3 * resolution ** 2 }, (_, place) => {
    const row = Math.floor(place / resolution) % resolution;
    return 220 - (200 * row) / resolution + (Math.floor(place / (3 * resolution ** 2)) % 30);
  });
  return { name: "skies", resolution, count, classes: [], images, labels: new Int32Array() };
}

test("learns to tell two colours apart, and is right about others", async () => {
  const losses: number[] = [];
  const set = colours(48);
  const options = { runtime, steps: 20, onProgress: ({ loss }: { loss: number }) => losses.push(loss) };
  const classifier = await openClassifier(set, options);
  expect(losses).toHaveLength(20);
  expect(losses[19]).toBeLessThan(losses[0] / 4);
  expect(await classifier.accuracy(colours(70, 5))).toBe(1);
  const { pooled, logits } = await classifier.extract(colours(70));
  expect([pooled.length, logits?.length]).toEqual([70 * 128, 70 * 2]);
  expect([classifier.name, classifier.width, classifier.classes]).toEqual(["classifier", 128, 2]);
  await expect(classifier.extract(skies(1, 16))).rejects.toThrow("expected images of 8×8, got 16×16");
  await classifier.dispose();
});

test("an image's vector does not depend on those beside it", async () => {
  const set = colours(48);
  const [some, all] = await Promise.all([3, 20].map((batch) => openClassifier(set, { runtime, steps: 1, batch })));
  const alone = await some.extract({ ...set, count: 7 });
  const together = await all.extract(set);
  expect(alone.pooled).toHaveLength(7 * 128);
  expect(together.pooled).toHaveLength(48 * 128);
  alone.pooled.forEach((value, place) => {
    expect(value).toBeCloseTo(together.pooled[place], 5);
  });
  await some.dispose();
  await all.dispose();
});

test("images without labels are told by which way up they are, and have no logits", async () => {
  const set = skies(40);
  const classifier = await openClassifier(set, { runtime, steps: 25 });
  expect(await classifier.accuracy(skies(5))).toBeGreaterThan(0.9);
  expect(Object.keys(await classifier.extract(set))).toEqual(["pooled"]);
  expect(classifier.classes).toBeUndefined();
  await classifier.dispose();
});

test("the label of a turned image is the number of quarters that it was turned", () => {
  const { images, labels } = examplesOf(skies(40), 3).batch(2);
  expect(new Set(labels)).toEqual(new Set([0, 1, 2, 3]));
  labels.forEach((quarters, image) => {
    const at = (row: number, column: number) => images[image * 3 * PLANE + row * SIDE + column];
    const last = SIDE - 1;
    // The bright edge goes counter-clockwise: top, left, bottom, right.
    const edges = [at(0, 3), at(3, 0), at(last, 3), at(3, last)];
    expect(edges.indexOf(Math.max(...edges))).toBe(quarters);
  });
});

test("one class among the labels is none to tell, and a class without images breaks nothing", () => {
  const set = colours(6);
  expect(examplesOf({ ...set, labels: new Int32Array(6) }, 0).frequencies).toEqual([0.25, 0.25, 0.25, 0.25]);
  const three = examplesOf({ ...set, classes: [...set.classes, "blue"] }, 0).frequencies;
  expect(three).toEqual([4 / 9, 4 / 9, 1 / 9]);
});

test("a set's classifier is trained once, and trained again when its file is damaged or the images are others", async () => {
  let trained = 0;
  const identityOf = async (set: ImageSet<Uint8Array>) => {
    const classifier = await openClassifier(set, { runtime, steps: 1, onProgress: () => trained++ });
    await classifier.dispose();
    return classifier.identity;
  };
  const first = await identityOf(colours(8));
  expect(first).toMatch(/^classifier of classes at 8×8, weights [0-9a-f]{16}$/);
  expect([await identityOf(colours(8)), trained]).toEqual([first, 1]);
  const [name] = readdirSync(join(folder, "classifiers"));
  const path = join(folder, "classifiers", name);
  const whole = readFileSync(path);
  const damaged = Uint8Array.from(whole);
  damaged[damaged.length - 1000] ^= 255;
  writeFileSync(path, damaged);
  expect(await identityOf(colours(8, 1))).not.toBe(first);
  expect([await identityOf(colours(8)), trained]).toEqual([first, 3]);
  expect(readFileSync(path).equals(whole)).toBe(true);
});

test("stops between updates, and keeps nothing unfinished", async () => {
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error("enough"));
  const opening = openClassifier(colours(8), { runtime, steps: 5, signal: stop.signal, onProgress });
  await expect(opening).rejects.toThrow("enough");
  expect(readdirSync(folder)).not.toContain("classifiers");
});

test("trains for 30 passes, within bounds that keep the time bounded", () => {
  const steps = (count: number, resolution: number) => stepsFor({ count, resolution });
  expect([steps(10, 32), steps(1940, 32), steps(50_000, 32)]).toEqual([500, 1819, 3000]);
  expect([steps(50_000, 8), steps(50_000, 48), steps(50_000, 256)]).toEqual([3000, 2000, 1500]);
});
