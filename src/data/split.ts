/** @file Divides a set into training, validation and test images, the same way every time. */
import { createHash } from "node:crypto";
import type { Split } from "./image-set.js";

/** Share of the set that each of validation and test gets. */
const SHARE = 0.05;
/** Below this many images nothing is held out. */
const SMALLEST = 10;

/** A number in [0, 1) that depends on the key alone. */
const fractionOf = (key: string): number => createHash("sha256").update(key).digest().readUInt32BE() / 2 ** 32;

/**
 * The split of every key: validation where its hash, as a fraction, is below 5 %, test where it is below 10 %, else train.
 * So an image stays where it is when others come or go. Small sets hold out at least one image for each, fewer than ten
 * none. Images that must not be divided, as variants of one drawing, share a key.
 */
export function splitByKey(keys: readonly string[]): Map<string, Split> {
  const ordered = [...new Set(keys)].map((key) => ({ key, fraction: fractionOf(key) }));
  ordered.sort((a, b) => a.fraction - b.fraction || (a.key < b.key ? -1 : 1));
  const least = ordered.length < SMALLEST ? 0 : 1;
  const below = (limit: number) => ordered.filter(({ fraction }) => fraction < limit).length;
  const validation = least && Math.max(least, below(SHARE));
  const test = least && Math.max(validation + least, below(2 * SHARE));
  return new Map(
    ordered.map(({ key }, rank) => [key, rank < validation ? "validation" : rank < test ? "test" : "train"]),
  );
}
