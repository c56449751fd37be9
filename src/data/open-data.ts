/** @file Opening a data source: packed at first use, found again afterwards. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { cacheFolder, cacheProblem } from "../cache-folder.js";
import { UserError } from "../errors.js";
import { makeTemporaryFolder } from "../formats/temporary-folder.js";
import { isGone, newWriter } from "../formats/writer.js";
import { abortable } from "./concurrent.js";
import { type ImageSet, type Split, splits } from "./image-set.js";
import { writePack } from "./packs/pack.js";
import { PACK_VERSION, type Pack, RESIZING, readPack, splitOf } from "./packs/pack-format.js";
import type { PackOptions } from "./packs/pack-images.js";
import { sourceOf } from "./sources/index.js";
import type { Source } from "./sources/listing.js";

/** Characters of a source's name in that of its pack, which the system limits. */
const LONGEST_NAME = 60;

/** How many unreadable files a message names. */
const NAMED = 5;

export interface OpenOptions extends PackOptions {
  /** Told what the user should know: what a path was taken for, that a source has changed. */
  onNotice?: (message: string) => void;
}

/** The images of a source, all of one size; a split is empty where the source has none for it. */
export interface DataSet extends Record<Split, ImageSet> {
  /** Files that could not be used, and why; of very many, the first. */
  skipped: { file: string; reason: string }[];
}

/**
 * Opens a source at a resolution. At first use its images are decoded and packed into one file of the cache; from then on
 * that file is read, as long as the source stays as it is.
 *
 * @param source - `emoji`, `cifar10:PATH`, `imagenet32:PATH`, `imagenet64:PATH`, `folder:PATH`, or a path
 * @throws UserError when the source is unknown, missing or empty, none of its files is an image, or there is no room
 * @throws the signal's reason when it aborts
 */
export async function openData(source: string, options: OpenOptions): Promise<DataSet> {
  const opened = sourceOf(source, options.resolution);
  const pack = await openPack(opened, options);
  const { skipped, description } = pack.about;
  if (opened.id.startsWith("path:")) options.onNotice?.(`${source} is taken as ${description}.`);
  const sets = Object.fromEntries(splits.map((split) => [split, splitOf(pack, split, source)])) as Record<
    Split,
    ImageSet
  >;
  if (splits.every((split) => sets[split].count === 0)) {
    const named = skipped.slice(0, NAMED).map(({ file, reason }) => `\n  ${file}: ${reason}`);
    throw new UserError(
      `Expected usable images in ${source}, but none of its ${skipped.length} files is one:${named.join("")}`,
    );
  }
  return { ...sets, skipped };
}

/** The pack of a source as it is now: one that is there, or a new one. */
async function openPack(source: Source, options: OpenOptions): Promise<Pack> {
  const { resolution, small = "enlarged", signal, onNotice = () => {} } = options;
  const identity = shortHash(`${source.id} ${resolution} ${small} ${RESIZING} ${PACK_VERSION}`);
  const readable = basename(source.id)
    .replace(/[^\w.-]+/g, "-")
    .slice(0, LONGEST_NAME);
  const name = `${readable}-${resolution}-${identity}`;
  const fingerprint = await abortable(source.fingerprint(), signal);
  const file = `${name}-${shortHash(fingerprint)}.safetensors`;
  const places = [cachedPacks(), temporary].filter((folder) => folder !== undefined);
  for (const path of places.map((folder) => join(folder, file)).filter((path) => existsSync(path))) {
    try {
      return readPack(path);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      onNotice(`${error.message} Packing again.`);
    }
  }
  const folder = packFolder(onNotice);
  const path = join(folder, file);
  const former = existsSync(folder) ? readdirSync(folder).filter((file) => file.startsWith(`${name}-`)) : [];
  if (former.length > 0 && !existsSync(path)) {
    onNotice(`${source.id.replace(/^\w+:/, "")} has changed since it was packed: packing it again.`);
  }
  const listing = await abortable(source.list(), signal, (late) => late.close());
  try {
    await writePack(path, { source: source.id, fingerprint }, listing, options);
  } finally {
    await listing.close();
  }
  for (const file of former) if (file !== basename(path)) remove(join(folder, file));
  return readPack(path);
}

const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12);

let temporary: string | undefined;

/** Where packs are kept; undefined without a cache. */
function cachedPacks(): string | undefined {
  const cache = cacheFolder();
  return cache && join(cache, "data");
}

/** Where a pack is written: the cache, or, where nothing can be kept there, a folder that goes away with the process. */
function packFolder(onNotice: (message: string) => void): string {
  const problem = cacheProblem();
  const kept = cachedPacks();
  if (kept !== undefined && problem === undefined) return kept;
  if (temporary === undefined) {
    if (problem) onNotice(`${problem} Without it, images are packed at every start.`);
    removeLeftFolders();
    const folder = makeTemporaryFolder(`${TEMPORARY}${newWriter()}-`);
    process.once("exit", () => remove(folder));
    temporary = folder;
  }
  return temporary;
}

const TEMPORARY = "strata-data-";

/** Removes the temporary folders of processes that were killed. */
function removeLeftFolders(): void {
  if (!existsSync(tmpdir())) return;
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(TEMPORARY) ? name.slice(TEMPORARY.length, name.lastIndexOf("-")) : "";
    if (isGone(owner)) remove(join(tmpdir(), name));
  }
}

/** Removes a file or folder, if that can be done: another user's cannot, nor, on some systems, what another process reads. */
function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // it only takes room
  }
}
