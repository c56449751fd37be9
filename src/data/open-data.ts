/** @file Opening a data source: packed at first use, found again afterwards. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { cacheFolder, cacheProblem } from "../cache-folder.js";
import { UserError } from "../errors.js";
import { makeTemporaryFolder } from "../io/files/temporary-folder.js";
import { isGone, newWriter } from "../io/files/writer.js";
import type { HubOptions } from "../io/hub/access.js";
import { abortable } from "./concurrent.js";
import { type ImageSet, mirroringOf, type Split, splits } from "./image-set.js";
import { writePack } from "./packs/pack.js";
import { PACK_VERSION, type Pack, RESIZING, readPack, splitOf } from "./packs/pack-format.js";
import type { PackOptions } from "./packs/pack-images.js";
import { unusedNotice } from "./sources/files.js";
import { sourceOf } from "./sources/index.js";
import type { Reading } from "./sources/reading.js";
import type { Listing, Source, UnusedFiles } from "./sources/source.js";
import { divideShards, packedPart, streamOf } from "./stream/open-stream.js";
import type { ShardStream } from "./stream/streamed-batches.js";

/** Characters of a source's name in that of its pack, which the system limits. */
const LONGEST_NAME = 60;

/** How many unreadable files a message names. */
const NAMED = 5;

/** How {@link openData} opens a source. */
export interface OpenOptions extends PackOptions, Reading {
  /** How a hub is asked for a source that lies there. */
  hub?: Omit<HubOptions, "signal" | "onNotice">;
  /**
   * Whether training images are read from their shards while training, and not packed: for WebDataset and Parquet sets that are
   * larger than one wants to pack. `train` then has the first of them, to measure on.
   */
  stream?: boolean;
  /** Called with what the user should know: what a path was taken for, that a source has changed. */
  onNotice?: (message: string) => void;
}

/** The images of a source, all of one size; a split is empty where the source has none for it. */
export interface ImageSplits extends Record<Split, ImageSet> {
  /** Where batches to train on come from, with `stream`. */
  stream?: ShardStream;
  /** Files that could not be used, and why; of very many, the first. */
  skipped: { file: string; reason: string }[];
  /** Files that serve for nothing, by kind: those of other formats, and images beside the folders that count. */
  unused: UnusedFiles[];
}

/**
 * Opens a source at a resolution. At first use its images are decoded and packed into one file of the cache; from then on
 * that file is read, as long as the source stays as it is.
 *
 * @param source - `emoji`, `glyphs`, `cifar10:PATH`, `imagenet32:PATH`, `imagenet64:PATH`, `folder:PATH`, `hf:OWNER/NAME` on a hub, or a path
 * @throws UserError when the source is unknown, missing or empty, none of its files is an image, or there is no room
 * @throws the signal's reason when it aborts
 */
export async function openData(source: string, options: OpenOptions): Promise<ImageSplits> {
  const { signal, onNotice } = options;
  const opened = sourceOf(source, { ...options, hub: { ...options.hub, signal, onNotice } });
  const told = new Set<string>();
  const announce = ({ description, notices = [], unused = [] }: Told) => {
    const taken = opened.ids.length > 1 ? [`${source} is taken as ${description}.`] : [];
    for (const notice of [...taken, ...notices, ...(unused.length > 0 ? [unusedNotice(unused)] : [])]) {
      if (!told.has(notice)) options.onNotice?.(notice);
      told.add(notice);
    }
  };
  const streamed = options.stream ? await streamedSource(source, opened, options) : undefined;
  const pack = await openPack(streamed?.packed ?? opened, options, announce);
  announce(pack.about);
  const { skipped, unused } = pack.about;
  const sets = Object.fromEntries(
    splits.map((split) => [split, { ...splitOf(pack, split, source), ...mirroringOf(opened) }]),
  ) as Record<Split, ImageSet>;
  if (splits.every((split) => sets[split].count === 0)) {
    const named = skipped.slice(0, NAMED).map(({ file, reason }) => `\n  ${file}: ${reason}`);
    throw new UserError(
      "too-few-images",
      `Expected usable images in ${source}, but none of its ${skipped.length} files is one:${named.join("")}`,
    );
  }
  return { ...sets, ...(streamed ? { stream: streamed.stream } : {}), skipped, unused };
}

/** A source's training shards as a stream, and the rest as a source to be packed. */
async function streamedSource(
  name: string,
  source: Source,
  options: OpenOptions,
): Promise<{ stream: ShardStream; packed: Source }> {
  const { resolution, undersized, signal } = options;
  const index = await abortable(source.index?.() ?? Promise.resolve(undefined), signal);
  if (index === undefined) {
    throw new UserError(
      "invalid-options",
      `Expected WebDataset shards or Parquet files with \`stream\`, got ${name}. Leave it out, and the set is packed.`,
    );
  }
  const divided = divideShards(index);
  const stream = streamOf(index, divided.train, { name, resolution, undersized });
  const id = `${index.id}(stream)`;
  const list = async () => ({ ...packedPart(index, divided), id });
  return { stream, packed: { ids: [id], fingerprint: () => source.fingerprint(), list } };
}

/** What is said of a source. */
type Told = Pick<Listing, "description" | "notices" | "unused">;

/**
 * The pack of a source as it is now: one that is there, or a new one.
 *
 * @param announce - given what will be packed, before that takes its time
 */
async function openPack(source: Source, options: OpenOptions, announce: (listing: Told) => void): Promise<Pack> {
  const { signal, onNotice = () => {} } = options;
  const fingerprint = await abortable(source.fingerprint(), signal);
  for (const id of source.ids) {
    const found = existingPack(fileOf(id, fingerprint, options), onNotice);
    if (found && (source.ids.length === 1 || !found.about.byKind)) return found;
  }
  await using listing = await abortable(source.list(), signal, (late) => late[Symbol.asyncDispose]());
  const { id } = listing;
  const folder = packFolder(onNotice);
  const path = join(folder, fileOf(id, fingerprint, options));
  const former = formerPacks(folder, id, options);
  if (former.length > 0 && !former.includes(path)) {
    onNotice(`${id.replace(/^[^:]+:/, "")} has changed since it was packed: packing it again.`);
  }
  announce(listing);
  await writePack(path, { source: id, fingerprint }, listing, options);
  for (const file of former) if (file !== path) remove(file);
  return readPack(path);
}

/** A pack that is there and whole: in the cache, also one that can only be read, or made by this process. */
function existingPack(file: string, onNotice: (message: string) => void): Pack | undefined {
  for (const folder of [cachedPacks(), temporary]) {
    const path = folder && join(folder, file);
    if (!path || !existsSync(path)) continue;
    try {
      return readPack(path);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      onNotice(`${error.message} Packing again.`);
    }
  }
  return undefined;
}

/** How the packs of a source begin, of whatever state of it. */
function nameOf(id: string, { resolution, undersized }: OpenOptions): string {
  const small = undersized === "refuse" ? "refused" : "enlarged"; // the words of packs that exist
  const identity = shortHash(`${id} ${resolution} ${small} ${RESIZING} ${PACK_VERSION}`);
  const readable = basename(id)
    .replace(/[^\w.-]+/g, "-")
    .slice(0, LONGEST_NAME);
  return `${readable}-${resolution}-${identity}`;
}

const fileOf = (id: string, fingerprint: string, options: OpenOptions): string =>
  `${nameOf(id, options)}-${shortHash(fingerprint)}.safetensors`;

/** Packs of a source in a folder, of whatever state of it. */
function formerPacks(folder: string, id: string, options: OpenOptions): string[] {
  const start = `${nameOf(id, options)}-`;
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files.filter((file) => file.startsWith(start)).map((file) => join(folder, file));
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
    const { path: folder } = makeTemporaryFolder(`${TEMPORARY}${newWriter()}-`);
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
