/**
 * @file What is expensive to work out, kept on disk.
 *
 * A convenience, never a need: what cannot be read, is damaged or cannot be written is worked out as if there were no cache.
 * Its files lie in the cache folder itself; sub-folders belong to others, and neither count nor go.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "../attempt.js";
import { cacheFolder } from "../cache-folder.js";

/** Largest size of all files together, bytes; those used longest ago go first. */
const LIMIT = 256 * 2 ** 20;

const SUFFIX = ".cached";
const DIGEST_BYTES = 32;

/** How a value is written as bytes. */
export interface Codec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/** For whatever JSON can say. */
export const json: Codec<unknown> = {
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
};

/**
 * The value kept under `key`, or else the one that `make` returns, kept from then on.
 *
 * @param key - says all that the value depends on
 */
export function cached<T>(key: string, codec: Codec<T>, make: () => T): T {
  const known = recall(key, codec);
  if (known) return known.value;
  const value = make();
  remember(key, codec, value);
  return value;
}

/** The same where making it takes waiting. */
export async function cachedAsync<T>(key: string, codec: Codec<T>, make: () => Promise<T>): Promise<T> {
  const known = recall(key, codec);
  if (known) return known.value;
  const value = await make();
  remember(key, codec, value);
  return value;
}

/** What is kept under `key`; undefined where nothing is. */
export function recall<T>(key: string, { decode }: Codec<T>): { value: T } | undefined {
  const folder = cacheFolder();
  return folder === undefined ? undefined : attempt(() => ({ value: decode(read(pathOf(folder, key))) }));
}

/** Keeps a value under `key`, in place of what is kept there. */
export function remember<T>(key: string, { encode }: Codec<T>, value: T): void {
  const folder = cacheFolder();
  if (folder !== undefined) attempt(() => write(folder, pathOf(folder, key), encode(value)));
}

const pathOf = (folder: string, key: string): string => join(folder, sha256(key).toString("hex") + SUFFIX);

const sha256 = (content: string | Uint8Array): Buffer => createHash("sha256").update(content).digest();

/** The content of a file, whose digest comes first; marks it as used. */
function read(path: string): Uint8Array {
  const bytes = readFileSync(path);
  const content = new Uint8Array(bytes.subarray(DIGEST_BYTES)); // a buffer of its own
  if (!sha256(content).equals(bytes.subarray(0, DIGEST_BYTES))) throw new Error(`${path} is damaged`);
  utimesSync(path, new Date(), new Date());
  return content;
}

function write(folder: string, path: string, content: Uint8Array): void {
  mkdirSync(folder, { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, Buffer.concat([sha256(content), content]));
  renameSync(temporary, path);
  prune(folder);
}

/** Deletes what was used longest ago until the rest is within the limit. */
function prune(folder: string): void {
  const paths = readdirSync(folder)
    .filter((name) => name.includes(SUFFIX))
    .map((name) => join(folder, name));
  const files = paths.map((path) => ({ path, ...statSync(path) })).sort((a, b) => b.mtimeMs - a.mtimeMs);
  let total = 0;
  for (const { path, size } of files) {
    total += size;
    if (total > LIMIT) rmSync(path, { force: true });
  }
}
