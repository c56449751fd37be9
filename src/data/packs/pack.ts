/** @file Packing a source: every image decoded once, made the size that is needed, and kept in one file. */
import { fsyncSync, ftruncateSync } from "node:fs";
import { lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../errors.js";
import { syncFolder } from "../../io/files/atomic-file.js";
import { openDescriptor } from "../../io/files/descriptor.js";
import { freeBytes, isSystemError } from "../../io/files/write-error.js";
import { isAbandoned, newWriter } from "../../io/files/writer.js";
import { formatBytes } from "../../number-format.js";
import { version } from "../../version.js";
import { lostText, withoutLost } from "../sources/labels.js";
import type { Listing, SourceImage } from "../sources/source.js";
import { type About, digestsOf, frameOf, HASH_BYTES, HEADER_BYTES, PACK_VERSION, RESIZING } from "./pack-format.js";
import { type PackOptions, placeRank, type WrittenImages, writeAt, writeImages } from "./pack-images.js";

/** Files left out that a pack names; of more, their number. */
const NAMED = 10_000;

/**
 * Writes the images of a listing to a file that appears whole or not at all. Images that cannot be used are left out, and
 * named in what the pack says of itself.
 *
 * @param source - its id and fingerprint
 * @throws UserError when the place cannot be written or has no room
 * @throws the signal's reason when it aborts; the file is gone then
 */
export async function writePack(
  path: string,
  source: Pick<About, "source" | "fingerprint">,
  listing: Listing,
  options: PackOptions,
): Promise<void> {
  const size = 3 * options.resolution ** 2;
  const folder = dirname(path);
  await prepareFolder(folder, listing.images.length * (size + HASH_BYTES + 4));
  const temporary = join(folder, `.${basename(path)}.${newWriter()}.writing`);
  try {
    await writeContent(temporary, source, listing, options);
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // what made writing fail may make this fail too
    if (options.signal?.aborted || !isSystemError(error)) throw error;
    throw new UserError(
      "unwritable",
      `Expected to write packed images to ${path}, but that failed: ${(error as Error).message}. ${ELSEWHERE}`,
    );
  }
}

const ELSEWHERE = "Make room there, or name another folder in STRATA_CACHE_DIR.";

/** Makes the folder, removes what was left half written in it, and checks that there is room. */
async function prepareFolder(folder: string, needed: number): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: Error) => {
    throw new UserError(
      "unwritable",
      `Expected a folder for packed images at ${folder}, but it cannot be made: ${error.message}. ${ELSEWHERE}`,
    );
  });
  for (const entry of await readdir(folder)) {
    const writer = /^\..*\.safetensors\.(.+)\.writing$/.exec(entry)?.[1];
    const stats = writer && (await lstat(join(folder, entry)).catch(() => undefined)); // its writer may just be done
    if (stats && isAbandoned(writer, stats.mtimeMs)) await rm(join(folder, entry), { force: true }).catch(() => {});
  }
  const free = freeBytes(folder);
  if (free !== undefined && free < needed) {
    throw new UserError(
      "disk-full",
      `Expected ${formatBytes(needed)} of free space in ${folder} for packed images, got ${formatBytes(free)}. ${ELSEWHERE}`,
    );
  }
}

/** Writes a pack, which is on disk then. */
async function writeContent(
  path: string,
  { source, fingerprint }: Pick<About, "source" | "fingerprint">,
  listing: Listing,
  options: PackOptions,
): Promise<void> {
  const { resolution } = options;
  using file = openDescriptor(path, "w+");
  const { default: sharp } = await import("sharp");
  const { kept, hashes, failed } = await writeImages(file.fd, HEADER_BYTES, listing, options);
  const { classes, labels, notices } = classesOf(listing, kept, failed);
  const splits = rangesOf(kept);
  const { description, byKind = false, refused, unused = [] } = listing;
  const about: About = {
    format: PACK_VERSION,
    source,
    description,
    byKind,
    notices: [...(listing.notices ?? []), ...notices],
    fingerprint,
    resolution,
    resizing: RESIZING,
    madeBy: { strata: version, sharp: sharp.versions.sharp ?? "", vips: sharp.versions.vips },
    classes,
    splits,
    digests: digestsOf(splits, labels, hashes),
    skipped: [...refused, ...failed.map(({ file, reason }) => ({ file, reason }))].slice(0, NAMED),
    unused: unused.map((each) => ({ ...each, files: [...each.files] })),
  };
  const { header, tail } = frameOf(about, labels, hashes);
  const end = HEADER_BYTES + kept.length * 3 * resolution ** 2;
  writeAt(file.fd, header, 0);
  writeAt(file.fd, tail, end);
  ftruncateSync(file.fd, end + tail.length);
  fsyncSync(file.fd);
}

/**
 * Classes and labels of the images that are kept. A class none of whose files can be decoded does not count; one whose images are
 * only too small for this resolution stays, since models of other resolutions know it.
 */
function classesOf(listing: Listing, kept: readonly SourceImage[], failed: WrittenImages["failed"]) {
  const present = new Set(kept.map(({ label }) => label));
  const undecodable = new Map<number, number>();
  for (const { label, small } of failed) {
    if (label !== undefined && !small) undecodable.set(label, (undecodable.get(label) ?? 0) + 1);
  }
  const tooSmall = new Set(failed.flatMap(({ label, small }) => (small ? label : [])));
  const isLost = (label: number) => !present.has(label) && !tooSmall.has(label) && undecodable.has(label);
  const { classes, lost } = withoutLost(listing.classes, isLost);
  const index = new Map(listing.classes.map((name, label) => [label, classes.indexOf(name)]));
  const labels = Int32Array.from(classes.length > 0 ? kept : [], ({ label }) => index.get(label!)!);
  return { classes, labels, notices: lost.length > 0 ? [lostText(lost)] : [] };
}

/** Where each split lies among images in the order of `placeRank`. */
function rangesOf(images: readonly SourceImage[]): About["splits"] {
  const counts = [0, 0, 0, 0];
  for (const image of images) counts[placeRank(image)]++;
  const [train, validation, watched, test] = counts;
  return {
    train: { from: 0, count: train },
    validation: { from: train, count: validation + watched },
    test: { from: train + validation, count: watched + test },
  };
}
