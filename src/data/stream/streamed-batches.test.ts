/** @file Streams of shards written by their own formats: every image once an epoch, resumed anywhere, divided among processes. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { keyFromSeed } from "../../random/index.js";
import { sourceOf } from "../sources/index.js";
import { divideShards, packedPart, streamOf } from "./open-stream.js";
import { epochOrder, shardsOfRank } from "./stream-order.js";
import { StreamedBatches } from "./streamed-batches.js";

const fixture = (path: string) => fileURLToPath(new URL(`../../../test/fixtures/data/${path}`, import.meta.url));
const options = { batchSize: 4, seed: 3, flips: false };

async function streamAt(path: string, buffer: number) {
  const index = (await sourceOf(fixture(path)).index!())!;
  const divided = divideShards(index);
  return { index, divided, stream: { ...streamOf(index, divided.train, { name: path, resolution: 8 }), buffer } };
}

/** The first number of every image and its label. */
async function rowsOf(batches: StreamedBatches, number: number, places?: { first: number; end: number }) {
  const { images, labels } = await batches.batch(number, places);
  return [...labels].map(
    (label, row) => `${images[row * 192].toFixed(4)} ${images[row * 192 + 64].toFixed(4)} ${label}`,
  );
}

test.each([1, 3, 7, 100])("an order with a buffer of %i has every image once, none before it is read", (buffer) => {
  const { sequence, order } = epochOrder(keyFromSeed(1), [5, 1, 9, 4], buffer);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 19 }, (_, image) => image));
  const readAt = new Map([...sequence].map((image, at) => [image, at]));
  order.forEach((image, place) => {
    expect(readAt.get(image)!).toBeLessThan(place + buffer);
  });
  if (buffer === 1) expect(order).toEqual(sequence);
  const shards = [...sequence].map((image) => (image < 5 ? 0 : image < 6 ? 1 : image < 15 ? 2 : 3));
  expect(shards.filter((shard, at) => shard !== shards[at - 1])).toHaveLength(4); // each in one piece
});

test("a buffer as large as the set is a fair shuffle: each image is as often first as others", () => {
  const counts = new Array(6).fill(0);
  for (let seed = 0; seed < 3000; seed++) counts[epochOrder(keyFromSeed(seed), [6], 6).order[0]]++;
  for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(90); // 4.4 standard deviations
});

test("ranks have disjoint shards, all of them together", () => {
  const parts = [0, 1, 2].map((rank) => shardsOfRank(keyFromSeed(5), 10, { rank, size: 3 }));
  expect(parts.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, shard) => shard));
});

test.each(["webdataset/cls", "hugging-face"])(
  "%s: an epoch has every image once, the next one others first",
  async (path) => {
    const { stream } = await streamAt(path, 5);
    expect(stream.count).toBe(18);
    await using batches = new StreamedBatches(stream, { ...options, batchSize: 6 });
    const epochs: string[][] = [];
    for (let epoch = 0; epoch < 2; epoch++) {
      const rows: string[] = [];
      for (let batch = 0; batch < 3; batch++) rows.push(...(await rowsOf(batches, 3 * epoch + batch)));
      epochs.push(rows);
    }
    expect(new Set(epochs[0]).size).toBe(18);
    expect([...epochs[1]].sort()).toEqual([...epochs[0]].sort());
    expect(epochs[1]).not.toEqual(epochs[0]);
  },
);

test("a batch is the same whether those before it were made or not", async () => {
  const { stream } = await streamAt("webdataset/cls", 5);
  await using batches = new StreamedBatches(stream, { ...options, flips: true });
  const all = [];
  for (let batch = 0; batch < 12; batch++) all.push(await batches.batch(batch)); // 18 images: batches cross epochs
  for (const batch of [0, 3, 4, 5, 9, 11]) {
    await using resumed = new StreamedBatches(stream, { ...options, flips: true });
    expect(await resumed.batch(batch)).toEqual(all[batch]);
  }
  for (const batch of [7, 2, 3, 4]) expect(await batches.batch(batch)).toEqual(all[batch]);
});

test("two processes see different images, and fill their own places", async () => {
  const { stream } = await streamAt("webdataset/cls", 5);
  const seen: Set<string>[] = [];
  for (const rank of [0, 1]) {
    const places = { first: 2 * rank, end: 2 * rank + 2 };
    await using batches = new StreamedBatches(stream, options, { rank, size: 2 });
    const rows = new Set<string>();
    for (let batch = 0; batch < 9; batch++) {
      for (const row of (await rowsOf(batches, batch, places)).slice(places.first, places.end)) rows.add(row);
    }
    seen.push(rows);
  }
  expect([...seen[0]].filter((row) => seen[1].has(row))).toEqual([]);
  expect(seen[0].size + seen[1].size).toBe(18);
  expect(() => new StreamedBatches(stream, options, { rank: 0, size: 9 })).toThrow("a shard for each of 9 processes");
});

test("the digest tells other shards and other labels apart, not another place of the same", async () => {
  const { stream, index, divided } = await streamAt("webdataset/cls", 5);
  const digest = (shards: typeof stream.shards) => streamOf(index, shards, { name: "x", resolution: 8 }).digest;
  expect(digest(divided.train)).toBe(stream.digest);
  expect(digest(divided.train.map((shard) => ({ ...shard, place: "elsewhere" })))).toBe(stream.digest);
  expect(digest(divided.train.slice(1))).not.toBe(stream.digest);
  expect(digest(divided.train.map((shard) => ({ ...shard, labels: shard.labels.map((label) => 2 - label) })))).not.toBe(
    stream.digest,
  );
});

test("what is packed is the held-out shards, and some of the others", async () => {
  const { index, divided } = await streamAt("webdataset/cls", 5);
  await using listing = packedPart(index, divided);
  expect(listing.images.filter(({ split }) => split === "test")).toHaveLength(6);
  let read = 0;
  for await (const record of listing.read()) read += "encoded" in record ? 1 : 0;
  expect(read).toBe(24);
  const many = { ...index, shards: Array.from({ length: 40 }, (_, at) => ({ ...index.shards[0], name: `${at}.tar` })) };
  const held = divideShards(many);
  expect(held.validation.length).toBeGreaterThan(0);
  expect(held.train.length + held.validation.length + held.test.length).toBe(40);
});
