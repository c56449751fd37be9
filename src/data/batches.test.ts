import { expect, test } from "vitest";
import { Batches, type BatchOptions } from "./batches.js";
import type { ImageSet } from "./image-set.js";

/** `count` images of 2×2, all different; label i is image i. */
function numbered(count: number): ImageSet<Uint8Array> {
  return {
    name: "numbered",
    resolution: 2,
    count,
    classes: Array.from({ length: count }, (_, i) => `${i}`),
    images: Uint8Array.from({ length: count * 12 }, (_, i) => (i * 37) % 256),
    labels: Int32Array.from({ length: count }, (_, i) => i),
  };
}

const set = numbered(7);
const options: BatchOptions = { batchSize: 3, seed: 5, flips: false };
const sorted = (labels: Iterable<number>) => [...labels].sort((a, b) => a - b);

/** Labels of the first `count` images of the stream. */
function stream(batches: Batches, count: number): number[] {
  const { batchSize } = batches.options;
  const all = Array.from({ length: Math.ceil(count / batchSize) }, (_, n) => [...batches.batch(n).labels]);
  return all.flat().slice(0, count);
}

test("every epoch shows every image once, across the ends of batches, in an order of its own", () => {
  const labels = stream(new Batches(set, options), 28);
  const epochs = [0, 7, 14, 21].map((start) => labels.slice(start, start + 7));
  for (const epoch of epochs) expect(sorted(epoch)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(new Set(epochs.map(String)).size).toBe(4);
});

test("the stream depends on neither the size of batches nor the order in which they are made", () => {
  const expected = stream(new Batches(set, options), 84);
  for (const batchSize of [1, 4, 7, 20]) {
    expect(stream(new Batches(set, { ...options, batchSize }), 84)).toEqual(expected);
  }
  const batches = new Batches(set, { ...options, flips: true });
  const late = batches.batch(40);
  batches.batch(3);
  expect(batches.batch(40)).toEqual(late);
  expect(new Batches(set, { ...options, flips: true }).batch(40)).toEqual(late);
});

test("another seed gives another order", () => {
  const order = (seed: number) => stream(new Batches(set, { ...options, seed }), 21);
  expect(order(6)).not.toEqual(order(5));
});

test("bytes become byte / 127.5 − 1, rounded to float32", () => {
  const { images, labels } = new Batches(set, options).batch(0);
  const expected = [...labels].flatMap((label) => [...set.images.subarray(label * 12, (label + 1) * 12)]);
  expect([...images]).toEqual(expected.map((byte) => Math.fround(byte / 127.5 - 1)));
  const extremes = { ...numbered(1), images: Uint8Array.from({ length: 12 }, (_, i) => 255 * (i % 2)) };
  expect(new Set(new Batches(extremes, { ...options, batchSize: 1 }).batch(0).images)).toEqual(new Set([-1, 1]));
});

test("flips mirror about half of the images, whole rows, afresh in every epoch", () => {
  const large = numbered(400);
  const flipped = new Batches(large, { ...options, batchSize: 400, flips: true });
  const straight = new Batches(large, { ...options, batchSize: 400 });
  const mirroredIn = (epoch: number) => {
    const { images, labels } = flipped.batch(epoch);
    const other = straight.batch(epoch);
    expect(labels).toEqual(other.labels);
    const mirrored = [...labels].filter((_, place) => {
      const [image, original] = [images, other.images].map((each) => [...each.subarray(place * 12, (place + 1) * 12)]);
      const mirror = original.map((_, i) => original[i ^ 1]); // rows of two
      const isMirrored = image.every((value, i) => value === mirror[i]);
      expect(isMirrored || image.every((value, i) => value === original[i])).toBe(true);
      return isMirrored;
    });
    return sorted(mirrored);
  };
  const [first, second] = [mirroredIn(0), mirroredIn(1)];
  for (const { length } of [first, second]) expect(Math.abs(length - 200)).toBeLessThan(50);
  expect(first).not.toEqual(second);
});

test("images without labels give batches without labels", () => {
  const { images, labels } = new Batches({ ...set, labels: new Int32Array() }, options).batch(1);
  expect([images.length, labels.length]).toEqual([36, 0]);
});

test("a set of no images makes no batches", () => {
  expect(() => new Batches(numbered(0), options)).toThrow("Expected images to make batches of, got none in numbered");
});
