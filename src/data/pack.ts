/** @file Packing a source: every image decoded once, made the size that is needed, and kept in one file. */
import { closeSync, fsyncSync, ftruncateSync, openSync } from "node:fs";
import { mkdir, readdir, rename, rm, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import sharp from "sharp";
import { UserError } from "../errors.js";
import { syncFolder } from "../formats/atomic-file.js";
import { version } from "../version.js";
import { type About, digestsOf, frameOf, HASH_BYTES, HEADER_BYTES, RESIZING } from "./pack-format.js";
import { type PackOptions, placeRank, writeAt, writeImages } from "./pack-images.js";
import type { Listing, SourceImage } from "./sources/listing.js";

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
  await prepareFolder(folder, basename(path), listing.images.length * (size + HASH_BYTES + 4));
  const temporary = join(folder, `.${basename(path)}.${process.pid}.writing`);
  try {
    const file = openSync(temporary, "wx+");
    try {
      await writeContent(file, source, listing, options);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true });
    if (options.signal?.aborted || error instanceof UserError || !(error as NodeJS.ErrnoException).code) throw error;
    throw new UserError(
      `Expected to write packed images to ${path}, but that failed: ${(error as Error).message}. ${ELSEWHERE}`,
    );
  }
}

const ELSEWHERE = "Make room there, or name another folder in STRATA_CACHE_DIR.";

/** Makes the folder, checks that there is room in it, and removes what processes that are gone left half written. */
async function prepareFolder(folder: string, name: string, needed: number): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: Error) => {
    throw new UserError(
      `Expected a folder for packed images at ${folder}, but it cannot be made: ${error.message}. ${ELSEWHERE}`,
    );
  });
  for (const entry of await readdir(folder)) {
    const writer = /\.(\d+)\.writing$/.exec(entry);
    if (writer && entry.startsWith(`.${name}`) && !isRunning(Number(writer[1])))
      await rm(join(folder, entry), { force: true });
  }
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < needed) {
    const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
    throw new UserError(
      `Expected ${gigabytes(needed)} of free space in ${folder} for packed images, got ${gigabytes(bavail * bsize)}. ${ELSEWHERE}`,
    );
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function writeContent(
  file: number,
  { source, fingerprint }: Pick<About, "source" | "fingerprint">,
  listing: Listing,
  options: PackOptions,
): Promise<void> {
  const { resolution } = options;
  const { kept, hashes, failed } = await writeImages(file, HEADER_BYTES, listing, options);
  const labels = Int32Array.from(listing.classes.length > 0 ? kept : [], ({ label }) => label!);
  const splits = rangesOf(kept);
  const about: About = {
    format: 1,
    source,
    description: listing.description,
    fingerprint,
    resolution,
    resizing: RESIZING,
    madeBy: { strata: version, sharp: sharp.versions.sharp ?? "", vips: sharp.versions.vips },
    classes: listing.classes,
    splits,
    digests: digestsOf(splits, labels, hashes),
    skipped: [...listing.refused, ...failed].slice(0, NAMED),
  };
  const { header, tail } = frameOf(about, labels, hashes);
  const end = HEADER_BYTES + kept.length * 3 * resolution ** 2;
  writeAt(file, header, 0);
  writeAt(file, tail, end);
  ftruncateSync(file, end + tail.length);
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
