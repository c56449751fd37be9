/** @file Batches of images that are read from shards as they are needed; any of them can be made at any time. */
import { UserError } from "../../errors.js";
import { foldIn, type Key, streamKey, uniform } from "../../random/index.js";
import { type Batch, type BatchOptions, copyImage } from "../batches.js";
import { forEachConcurrently } from "../concurrent.js";
import { tryDecoding, type UndersizedImages } from "../decoding/decode.js";
import { resizePixels } from "../decoding/resize.js";
import type { IndexedShard } from "../sources/shard-index.js";
import type { SourceContent } from "../sources/source.js";
import { ShardReader } from "./read-shard.js";
import { type EpochOrder, epochOrder, shardsOfRank } from "./stream-order.js";

/** Training images that stay in their shards. Plain data: it can be sent to another thread, and read there. */
export interface ShardStream {
  /** The source, as the user named it. */
  name: string;
  shards: IndexedShard[];
  resolution: number;
  undersized?: UndersizedImages;
  count: number;
  classes: string[];
  /** Of all images in the shards' order; length 0 without classes. */
  labels: Int32Array;
  /** SHA-256 over the shards' names, the places and sizes of their images, and their labels: not over pixels, which are not read. */
  digest: string;
  /** Images in the shuffle buffer. */
  buffer: number;
}

/** Images being decoded at a time. */
const AT_A_TIME = 8;
/** Images of a shard that are tried in place of one that cannot be decoded. */
const STAND_INS = 100;

/** An image in the buffer. */
interface Held {
  pixels: Uint8Array;
  label: number;
}

/**
 * Batch n holds images n·N … (n+1)·N − 1 of a stream in which every epoch is ordered as `epochOrder` says. Each of several processes
 * has a stream of its own shards, and fills its part of every batch. A batch depends on seed, number and processes alone: one that does not follow the one before it reads again what is in the buffer then. An image that cannot be
 * decoded is replaced by the next one of its shard that can.
 *
 * Memory: the buffer, 3·R² bytes an image; twelve bytes an image of the set for orders; the images being decoded.
 */
export class StreamedBatches {
  readonly #shards: IndexedShard[];
  readonly #starts: number[] = [];
  readonly #total: number;
  readonly #orderKey: Key;
  readonly #mirrorKey: Key;
  readonly #reader = new ShardReader();
  #epoch: (EpochOrder & { number: number; mirrored?: Float32Array }) | undefined;
  /** Images read and not given yet, and how much of the epoch's sequence is read, and given. */
  #held = new Map<number, Held>();
  #read = 0;
  #given = 0;

  constructor(
    readonly stream: ShardStream,
    readonly options: BatchOptions,
    /** Which of several processes reads it. */
    part = { rank: 0, size: 1 },
  ) {
    const { shards } = stream;
    if (part.size > shards.length) {
      throw new UserError(
        "too-few-images",
        `Expected a shard for each of ${part.size} processes in ${stream.name}, got ${shards.length}. Write more shards.`,
      );
    }
    this.#shards = shardsOfRank(streamKey(options.seed, "shardsOfRanks"), shards.length, part).map(
      (shard) => shards[shard],
    );
    let total = 0;
    for (const { count } of this.#shards) {
      this.#starts.push(total);
      total += count;
    }
    this.#total = total;
    this.#orderKey = streamKey(options.seed, "streamOrder");
    this.#mirrorKey = streamKey(options.seed, "batchFlips");
  }

  /** @param places - of the batch that are filled, from `first` to before `end`: those of this process; the others stay 0 */
  async batch(number: number, places = { first: 0, end: this.options.batchSize }): Promise<Batch> {
    const { resolution, classes } = this.stream;
    const { batchSize } = this.options;
    const size = 3 * resolution ** 2;
    const images = new Float32Array(batchSize * size);
    const labels = new Int32Array(classes.length > 0 ? batchSize : 0);
    for (let place = places.first; place < places.end; ) {
      const position = number * (places.end - places.first) + place - places.first;
      const epoch = this.#epochOf(Math.floor(position / this.#total));
      const first = position % this.#total;
      const count = Math.min(places.end - place, this.#total - first);
      await this.#readUntil(first, first + count);
      for (let step = 0; step < count; step++, place++) {
        const image = epoch.order[first + step];
        const { pixels, label } = this.#held.get(image)!;
        const mirrored = epoch.mirrored !== undefined && epoch.mirrored[first + step] < 0.5;
        copyImage(pixels, resolution, mirrored, images.subarray(place * size, (place + 1) * size));
        if (labels.length > 0) labels[place] = label;
        this.#held.delete(image);
      }
      this.#given = first + count;
    }
    return { images, labels };
  }

  #epochOf(number: number) {
    if (this.#epoch?.number !== number) {
      const counts = this.#shards.map(({ count }) => count);
      const order = epochOrder(foldIn(this.#orderKey, number), counts, this.stream.buffer);
      const mirrored = this.options.flips ? uniform(foldIn(this.#mirrorKey, number), this.#total) : undefined;
      this.#epoch = { number, ...order, mirrored };
      this.#held.clear();
      [this.#read, this.#given] = [0, 0];
    }
    return this.#epoch;
  }

  /** Reads what is in the buffer until images up to place `end` are given, where all before `start` have been. */
  async #readUntil(start: number, end: number): Promise<void> {
    const { sequence, order } = this.#epoch!;
    const until = Math.min(end + this.stream.buffer, this.#total);
    let wanted: Uint32Array;
    if (start === this.#given) wanted = sequence.subarray(this.#read, until);
    else {
      this.#held.clear();
      const given = new Set(order.subarray(0, start));
      wanted = sequence.subarray(0, until).filter((image) => !given.has(image));
    }
    for (let at = 0; at < wanted.length; ) {
      const shard = this.#shardOf(wanted[at]);
      const inside: number[] = [];
      while (at < wanted.length && this.#shardOf(wanted[at]) === shard) inside.push(wanted[at++] - this.#starts[shard]);
      await this.#readShard(shard, inside);
    }
    this.#read = until;
  }

  /** The shard of an image: the last one that begins at or before it. */
  #shardOf(image: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#starts[middle] <= image) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  async #readShard(shard: number, wanted: readonly number[]): Promise<void> {
    const { labels } = this.#shards[shard];
    const failed: number[] = [];
    const keep = (image: number, pixels: Uint8Array, label = image) =>
      this.#held.set(this.#starts[shard] + image, { pixels, label: labels[label] ?? 0 });
    await forEachConcurrently(
      this.#reader.read(this.#shards[shard], wanted),
      AT_A_TIME,
      async ({ index, ...record }) => {
        const pixels = await this.#pixelsOf(record);
        if (pixels) keep(index, pixels);
        else failed.push(index);
      },
    );
    for (const index of failed) {
      const standIn = await this.#standInFor(shard, index);
      keep(index, standIn.pixels, standIn.index);
    }
  }

  async #standInFor(shard: number, image: number): Promise<{ index: number; pixels: Uint8Array }> {
    const { name, count } = this.#shards[shard];
    for (let step = 1; step <= Math.min(STAND_INS, count - 1); step++) {
      const other = (image + step) % count;
      for await (const { index, ...record } of this.#reader.read(this.#shards[shard], [other])) {
        const pixels = await this.#pixelsOf(record);
        if (pixels) return { index, pixels };
      }
    }
    throw new UserError(
      "damaged",
      `Expected images in the shard ${name} of ${this.stream.name}, but image ${image} and those after it cannot be decoded. \`data scan\` says why.`,
    );
  }

  async #pixelsOf(record: Omit<SourceContent, "index">): Promise<Uint8Array | undefined> {
    const { resolution, undersized } = this.stream;
    if ("encoded" in record) {
      const decoded = await tryDecoding(record.encoded as Uint8Array, resolution, undersized);
      return "pixels" in decoded ? decoded.pixels : undefined;
    }
    if (!("pixels" in record)) return undefined;
    const { pixels, width, height } = record as { pixels: Uint8Array; width: number; height: number };
    if (undersized === "refuse" && Math.min(width, height) < resolution) return undefined;
    return width === resolution && height === resolution
      ? Uint8Array.from(pixels)
      : resizePixels(pixels, width, height, resolution);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#reader[Symbol.asyncDispose]();
  }
}
