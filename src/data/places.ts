/**
 * @file Several files named at once, on disk or on a server: `shards/{000000..000099}.tar`, `a.tar::b.tar`,
 * `https://host/train-{0..9}.parquet`. An address may end with the file's digest, `#sha256=…`: the file is then fetched whole into the
 * cache, and checked. `#cached` behind it fetches it whole without a digest.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { neededCacheFolder } from "../cache-folder.js";
import { UserError } from "../errors.js";
import type { Refuse } from "../io/archives/archive-entry.js";
import { type ByteSource, openBytes, pieces } from "../io/archives/byte-source.js";
import { PartFile } from "../io/files/part-file.js";
import { openRemote, type RemoteOptions } from "../io/net/remote-bytes.js";

/** More files are refused. */
const MOST_PLACES = 100_000;

const isAddress = (text: string): boolean => /^https?:\/\//i.test(text);

/** Whether a path names several files, or one by its address. */
export const isPlaces = (path: string): boolean =>
  /^(https?|file):\/\//i.test(path) ||
  ((path.includes("::") || /\{[^{}]*(,|\.\.)[^{}]*\}/.test(path)) && !existsSync(path));

/**
 * The paths and addresses that a text stands for, in its order: `{a,b}` is each of a list, `{08..11}` each of a range of numbers, as
 * many digits as the first has, and `::` stands between others. `file:` addresses become paths.
 *
 * @throws UserError for a range that has no end, or more than 100,000 places
 */
export function placesOf(text: string): string[] {
  const places = new Set(text.split("::").flatMap((each) => expanded(each, text))); // braces within braces repeat what is beside
  return [...places].map((place) => (/^file:\/\//i.test(place) ? fileURLToPath(place) : place));
}

function expanded(pattern: string, whole: string): string[] {
  let found = [pattern];
  for (let open = found[0].search(BRACES); open >= 0; open = found[0]?.search(BRACES) ?? -1) {
    found = found.flatMap((each) => {
      const [braces, inside] = BRACES.exec(each)!;
      return alternatives(inside, whole).map((value) => each.replace(braces, () => value));
    });
    if (found.length > MOST_PLACES) tooMany(whole);
  }
  return found;
}

const BRACES = /\{([^{}]*)\}/;

function alternatives(inside: string, whole: string): string[] {
  const [, first, last] = /^(\d+)\.\.(\d+)$/.exec(inside) ?? [];
  if (first === undefined) return inside.split(",");
  const [from, to] = [Number(first), Number(last)];
  if (to < from) {
    throw new UserError("invalid-options", `Expected a range that ascends in ${whole}, got {${inside}}.`);
  }
  if (to - from >= MOST_PLACES) tooMany(whole);
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}`.padStart(first.length, "0"));
}

function tooMany(whole: string): never {
  throw new UserError("too-large", `Expected at most ${MOST_PLACES} files, but ${whole} names more.`);
}

/** The file's own name at a place. */
export const nameOfPlace = (place: string): string =>
  isAddress(place) ? decodeURIComponent(basename(new URL(place).pathname)) : basename(place);

/**
 * What changes with the files at some places: sizes and times on disk, sizes and versions on a server.
 *
 * @throws UserError where one is missing
 */
export async function fingerprintOfPlaces(places: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const place of places) {
    if (isAddress(place)) {
      await using remote = await openRemote(place);
      hash.update(`${place}\0${remote.size}\0${remote.version}\n`);
    } else {
      const { size, mtimeMs } = await stat(place).catch((error: Error) => {
        throw new UserError("not-found", `Expected a file at ${place}, but it cannot be read: ${error.message}.`);
      });
      hash.update(`${place}\0${size}\0${mtimeMs}\n`);
    }
  }
  return hash.digest("hex");
}

/** The bytes at a place: of memory, of a path, or of an address. */
export async function openPlace(
  source: string | Uint8Array,
  refuse: Refuse,
  options: RemoteOptions = {},
): Promise<ByteSource> {
  if (typeof source !== "string" || !isAddress(source)) return openBytes(source, refuse);
  const address = new URL(source);
  const sha256 = /^#sha256=([0-9a-f]{64})$/i.exec(address.hash)?.[1].toLowerCase();
  const isCached = sha256 !== undefined || address.hash === "#cached";
  if (address.hash !== "" && !isCached)
    refuse(`it ends with ${address.hash}, which is neither #cached nor a digest #sha256=…`);
  address.hash = "";
  if (!isCached) return openRemote(address.href, options);
  return openBytes(await fetchWhole(address.href, sha256, options), refuse);
}

/**
 * Fetches a file into the cache, going on where an earlier attempt stopped.
 *
 * @returns its path
 * @throws UserError when its digest is another one: what has arrived is deleted then
 */
async function fetchWhole(url: string, sha256: string | undefined, options: RemoteOptions): Promise<string> {
  const folder = join(neededCacheFolder(), "shards");
  await using remote = await openRemote(url, options);
  const identity = createHash("sha256")
    .update(`${url}\0${remote.size}\0${remote.version}\0${sha256 ?? ""}`)
    .digest("hex");
  const path = join(folder, `${identity.slice(0, 16)}-${nameOfPlace(url)}`);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  const part = await PartFile.open(path);
  try {
    for await (const piece of pieces(remote, part.bytes, remote.size - part.bytes)) await part.append(piece);
    if (sha256 !== undefined && part.sha256 !== sha256) {
      const got = part.sha256;
      await part.restart();
      throw new UserError(
        "damaged",
        `Expected a file with SHA-256 ${sha256} from ${url}, got ${got}. It has been deleted.`,
      );
    }
    await part.finish();
    return path;
  } catch (error) {
    await part.leave();
    throw error;
  }
}
