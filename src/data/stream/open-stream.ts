/**
 * @file Opening a set of shards as a stream: training images stay where they are; of the others, and of some training images to
 * measure on, there is a pack as of any set.
 */
import { createHash } from "node:crypto";
import { UserError } from "../../errors.js";
import type { Split } from "../image-set.js";
import { splits } from "../image-set.js";
import { isSplit } from "../sources/folder-layout.js";
import { listed } from "../sources/labels.js";
import { partsOfGroups } from "../sources/rows.js";
import type { IndexedShard, ShardIndex } from "../sources/shard-index.js";
import type { Listing, SourceImage } from "../sources/source.js";
import { splitByKey } from "../split.js";
import { ShardReader } from "./read-shard.js";
import type { ShardStream } from "./streamed-batches.js";

/** Images of the training shards that are packed to be measured on, and the most of each held-out split. */
const SHOWN = 1000;
const MOST_HELD_OUT = 10_000;

/** Bytes of the shuffle buffer, and its least images. */
const BUFFER_BYTES = 2 ** 28;
const LEAST_BUFFER = 1000;

/**
 * Shards by split: by their names, as of files; where these say nothing of validation or test, a hash of the names of the
 * training shards chooses 5 % of them for each, and none of fewer than ten.
 */
export function divideShards(index: ShardIndex): Record<Split, IndexedShard[]> {
  const parts = partsOfGroups(index.shards.map(({ name }) => name));
  const partOf = ({ name }: IndexedShard) => (parts ? parts.get(name) : "train");
  const present = new Set(parts ? index.shards.map(partOf) : []);
  const training = index.shards.filter((shard) => partOf(shard) === "train");
  const hashed = splitByKey(training.map(({ name }) => name));
  const divided: Record<Split, IndexedShard[]> = { train: [], validation: [], test: [] };
  for (const shard of index.shards) {
    const part = partOf(shard);
    if (!isSplit(part)) continue;
    const chosen = part === "train" ? hashed.get(shard.name)! : part;
    divided[present.has(chosen) ? part : chosen].push(shard);
  }
  return divided;
}

/** The training shards as a stream. */
export function streamOf(
  { classes }: ShardIndex,
  shards: IndexedShard[],
  { name, resolution, undersized }: Pick<ShardStream, "name" | "resolution" | "undersized">,
): ShardStream {
  if (shards.length === 0) {
    throw new UserError("too-few-images", `Expected shards to train on in ${name}, but all that it has are held out.`);
  }
  const count = shards.reduce((sum, shard) => sum + shard.count, 0);
  const labels = new Int32Array(classes.length > 0 ? count : 0);
  const hash = createHash("sha256").update(JSON.stringify([classes, resolution]));
  let next = 0;
  for (const shard of shards) {
    labels.set(shard.labels, next);
    next += shard.labels.length;
    const { plan } = shard;
    hash.update(`${shard.name}\0${shard.count}\n`);
    for (const array of plan.format === "webdataset" ? [plan.starts, plan.lengths] : [plan.rows]) {
      hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    }
    hash.update(new Uint8Array(shard.labels.buffer, shard.labels.byteOffset, shard.labels.byteLength));
  }
  const buffer = Math.max(LEAST_BUFFER, Math.floor(BUFFER_BYTES / (3 * resolution ** 2)));
  return { name, shards, resolution, undersized, count, classes, labels, digest: hash.digest("hex"), buffer };
}

/** The images that are packed: the first of the training shards, and of the held-out ones as many as are measured on. */
export function packedPart(index: ShardIndex, divided: Record<Split, IndexedShard[]>): Listing {
  const images: SourceImage[] = [];
  const parts: { shard: IndexedShard; wanted: number[] }[] = [];
  for (const split of splits) {
    let left = split === "train" ? SHOWN : MOST_HELD_OUT;
    for (const shard of divided[split]) {
      const wanted = Array.from({ length: Math.min(shard.count, left) }, (_, image) => image);
      left -= wanted.length;
      if (wanted.length === 0) break;
      parts.push({ shard, wanted });
      for (const image of wanted) {
        const label = shard.labels.length > 0 ? { label: shard.labels[image] } : {};
        images.push({ name: `${shard.name}/${String(image).padStart(6, "0")}`, split, ...label });
      }
    }
  }
  const { description, classes, notices } = index;
  const about = splits.flatMap((split) => {
    const names = divided[split].map(({ name }) => name);
    return names.length > 0 ? [`${split} ${names.length} (${listed(names)})`] : [];
  });
  return {
    description: `${description}, as a stream`,
    classes,
    images,
    refused: [],
    notices: [...notices, `Shards: ${about.join(", ")}.`],
    read: async function* (signal) {
      await using reader = new ShardReader();
      let start = 0;
      for (const { shard, wanted } of parts) {
        for await (const { index: image, ...record } of reader.read(shard, wanted)) {
          signal?.throwIfAborted();
          yield { index: start + image, ...record };
        }
        start += wanted.length;
      }
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
