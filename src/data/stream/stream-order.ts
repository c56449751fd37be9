/** @file The order in which a stream gives the images of its shards: a pure function of seed and epoch. */
import { foldIn, type Key, permutation, uniform } from "../../random/index.js";

/** An epoch of a stream: images are numbered through all shards, in the shards' own order. */
export interface EpochOrder {
  /** Images in the order in which they are read: shards in a keyed permutation, each from its beginning. */
  sequence: Uint32Array;
  /** Images in the order in which they are given: the one at place p is among the first p + `buffer` of the sequence. */
  order: Uint32Array;
}

/**
 * Shuffles shards, then images by a buffer: of the images that are in it, one is drawn by key and replaced by the next of the
 * sequence.
 *
 * @param counts - images of every shard
 * @param buffer - images that are in it at a time
 */
export function epochOrder(key: Key, counts: readonly number[], buffer: number): EpochOrder {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const starts = counts.map((_, shard) => counts.slice(0, shard).reduce((sum, count) => sum + count, 0));
  const sequence = new Uint32Array(total);
  let next = 0;
  for (const shard of permutation(foldIn(key, 0), counts.length)) {
    for (let image = 0; image < counts[shard]; image++) sequence[next++] = starts[shard] + image;
  }
  const draws = uniform(foldIn(key, 1), total);
  const held = sequence.slice(0, Math.min(buffer, total));
  const order = new Uint32Array(total);
  let [live, taken] = [held.length, held.length];
  for (let place = 0; place < total; place++) {
    const drawn = Math.min(Math.floor(draws[place] * live), live - 1);
    order[place] = held[drawn];
    if (taken < total) held[drawn] = sequence[taken++];
    else {
      live -= 1;
      held[drawn] = held[live];
    }
  }
  return { sequence, order };
}

/** The shards of one of several ranks: disjoint from those of the others, the same in every epoch. */
export function shardsOfRank(key: Key, shards: number, { rank, size }: { rank: number; size: number }): number[] {
  return [...permutation(key, shards)].filter((_, place) => place % size === rank).sort((a, b) => a - b);
}
