/** @file Divides a set into training, validation and test images, the same way every time. */
import { createHash } from "node:crypto";
import type { Split } from "./image-set.js";

/** Share of the set that each of validation and test gets. */
const SHARE = 0.05;
/** Below this many images nothing is held out. */
const SMALLEST = 10;

/**
 * The split of every key: in the order of their hashes, the first 5 % are for validation, the next 5 % for testing. Images
 * that must not be divided, as variants of one drawing, share a key.
 */
export function splitByKey(keys: readonly string[]): Map<string, Split> {
  const hash = (key: string) => createHash("sha256").update(key).digest("hex");
  const ordered = [...new Set(keys)].map((key) => [hash(key), key]).sort(([a], [b]) => (a < b ? -1 : 1));
  const held = ordered.length < SMALLEST ? 0 : Math.max(1, Math.round(SHARE * ordered.length));
  return new Map(
    ordered.map(([, key], rank) => [key, rank < held ? "validation" : rank < 2 * held ? "test" : "train"]),
  );
}
