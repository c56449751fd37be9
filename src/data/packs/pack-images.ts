/** @file The images of a listing, decoded several at a time and written one after another without gaps. */
import { writeSync } from "node:fs";
import { forEachConcurrently } from "../concurrent.js";
import { type Decoded, tooSmall, type UndersizedImages } from "../decoding/decode.js";
import { createDecoder, type Decoder } from "../decoding/decoder.js";
import { resizePixels } from "../decoding/resize.js";
import type { Listing, SourceImage, SourceRecord } from "../sources/source.js";
import { positionalReader } from "./mapped-file.js";
import { HASH_BYTES, hashOf } from "./pack-format.js";

/** Bytes moved at a time when gaps are closed. */
const MOVED = 2 ** 23;

export interface PackOptions {
  resolution: number;
  /** What to do with images of fewer pixels than that on a side. Default `upscale`. */
  undersized?: UndersizedImages;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** What was written, and what was not. */
export interface WrittenImages {
  /** In the order in which they lie in the file. */
  kept: SourceImage[];
  /** uint8 [kept, 16] */
  hashes: Uint8Array;
  /** `small`: nothing else is wrong with it than that it would have to be upscaled. */
  failed: { file: string; reason: string; label?: number; small?: true }[];
}

/** Rank of an image's place: training first, then validation, then test images that are validation images too, then the rest. */
export const placeRank = ({ split, alsoValidation }: SourceImage): number =>
  split === "train" ? 0 : split === "validation" ? 1 : alsoValidation ? 2 : 3;

/**
 * Writes all images, uint8 [kept, 3, R, R], by `placeRank` and then in the listing's order. Those that cannot be used are
 * left out, and the others moved together.
 *
 * @param offset - bytes of the file before the first image
 * @throws what writing throws; the signal's reason when it aborts
 */
export async function writeImages(
  file: number,
  offset: number,
  { images, read }: Listing,
  { resolution, undersized, onProgress, signal }: PackOptions,
): Promise<WrittenImages> {
  const size = 3 * resolution ** 2;
  const order = images.map((_, index) => index).sort((a, b) => placeRank(images[a]) - placeRank(images[b]) || a - b);
  const placeOf = new Uint32Array(images.length);
  for (const [place, index] of order.entries()) placeOf[index] = place;

  const hashes = new Uint8Array(images.length * HASH_BYTES);
  const failures = new Map<number, { error: string; small?: true }>(); // by place
  let done = 0;
  await using decoder = await createDecoder(images.length);
  await forEachConcurrently(read(signal), decoder.parallel, async ({ index, ...record }) => {
    signal?.throwIfAborted();
    const place = placeOf[index];
    const decoded = await decodedOf(record, decoder, resolution, undersized);
    if ("error" in decoded) failures.set(place, decoded);
    else {
      writeAt(file, decoded.pixels, offset + place * size);
      hashes.set(hashOf(decoded.pixels), place * HASH_BYTES);
    }
    done++;
    onProgress?.(done, images.length);
  });
  if (done !== images.length) throw new Error(`Expected ${images.length} images to be read, got ${done}.`);

  const places = order.map((_, place) => place).filter((place) => !failures.has(place));
  closeGaps(file, offset, places, size);
  const keptHashes = new Uint8Array(places.length * HASH_BYTES);
  for (const [to, from] of places.entries()) {
    keptHashes.set(hashes.subarray(from * HASH_BYTES, (from + 1) * HASH_BYTES), to * HASH_BYTES);
  }
  return {
    kept: places.map((place) => images[order[place]]),
    hashes: keptHashes,
    failed: [...failures]
      .sort(([a], [b]) => a - b)
      .map(([place, { error, small }]) => {
        const { name, label } = images[order[place]];
        return { file: name, reason: error, ...(label === undefined ? {} : { label }), ...(small ? { small } : {}) };
      }),
  };
}

async function decodedOf(
  record: SourceRecord,
  decoder: Decoder,
  resolution: number,
  undersized?: UndersizedImages,
): Promise<Decoded> {
  if ("error" in record) return record;
  if ("encoded" in record) return decoder.decode(record.encoded, resolution, undersized);
  const { pixels, width, height } = record;
  const problem = undersized === "refuse" ? tooSmall(record, resolution) : undefined;
  if (problem) return { error: problem, small: true };
  const isAsNeeded = width === resolution && height === resolution;
  return { pixels: isAsNeeded ? pixels : resizePixels(pixels, width, height, resolution) };
}

/** Moves the images at `places`, ascending, forward so that they follow one another. */
function closeGaps(file: number, offset: number, places: readonly number[], size: number): void {
  const most = Math.max(1, Math.floor(MOVED / size));
  const read = positionalReader(file);
  for (let to = 0; to < places.length; ) {
    const from = places[to];
    let run = 1;
    while (places[to + run] === from + run && run < most) run++;
    if (to < from) writeAt(file, read(offset + from * size, run * size), offset + to * size);
    to += run;
  }
}

/** Writes all of the bytes at a position. */
export function writeAt(file: number, bytes: Uint8Array, position: number): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(file, bytes, written, bytes.length - written, position + written);
  }
}
