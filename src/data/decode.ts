/** @file Files to pixels: decoding, centre crop and antialiased resize by sharp, several files at a time. */
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import sharp from "sharp";
import { UserError } from "../errors.js";
import type { ImageFile, ImageSet } from "./image-set.js";

/** Larger images are refused before they are decoded: 128 megapixels take 512 MB. */
const LARGEST_PIXELS = 2 ** 27;

/** Larger files are refused before they are opened. */
const LARGEST_FILE_MEGABYTES = 256;

/** The most bytes one set can have in memory: what a typed array can hold on every machine. */
const LARGEST_SET = 2 ** 32 - 1;

const formats = new Set(["jpeg", "png", "webp"]);

sharp.concurrency(1); // many small images: one thread each is faster than many threads for one

export interface DecodeOptions {
  resolution: number;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * An image as uint8 [3, R, R]: upright by its EXIF orientation, on white, in sRGB, the largest centred square, resized by
 * Lanczos' kernel. Of an animation, the first picture.
 *
 * @throws Error saying why the file cannot be used
 */
export async function decodeImage(path: string, resolution: number): Promise<Uint8Array> {
  const megabytes = (await stat(path)).size / 1e6;
  if (megabytes > LARGEST_FILE_MEGABYTES) {
    throw new Error(`expected at most ${LARGEST_FILE_MEGABYTES} MB, got ${Math.round(megabytes)} MB`);
  }
  const image = sharp(path, { limitInputPixels: LARGEST_PIXELS, failOn: "error" });
  const { format } = await image.metadata();
  if (!formats.has(format)) throw new Error(`expected JPEG, PNG or WebP, got ${format}`);
  const { data, info } = await image
    .autoOrient()
    .flatten({ background: "white" })
    .resize(resolution, resolution, {
      fit: "cover",
      position: "centre",
      kernel: "lanczos3",
      fastShrinkOnLoad: false, // else the decoders would do the resizing, each with a filter of its own
    })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return planes(data, info.channels, resolution);
}

/** Interleaved pixels as planes of red, green and blue; grey as all three. */
function planes(pixels: Uint8Array, channels: number, resolution: number): Uint8Array {
  const plane = resolution ** 2;
  const result = new Uint8Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    const from = channels < 3 ? 0 : channel;
    for (let pixel = 0; pixel < plane; pixel++) result[channel * plane + pixel] = pixels[pixel * channels + from];
  }
  return result;
}

/**
 * Decodes files in order; those that cannot be used are left out and listed with the reason.
 *
 * @throws UserError when the images would not fit in memory
 * @throws the signal's reason when it aborts
 */
export async function decodeFiles(
  files: readonly ImageFile[],
  { resolution, onProgress, signal }: DecodeOptions,
): Promise<Pick<ImageSet, "count" | "images" | "labels" | "skipped">> {
  const size = 3 * resolution ** 2;
  if (files.length * size > LARGEST_SET) {
    throw new UserError(
      `Expected at most ${Math.floor(LARGEST_SET / size)} images of ${resolution}×${resolution} (4 GiB), got ${files.length}. ` +
        "Take fewer images or a lower resolution.",
    );
  }
  const images = new Uint8Array(files.length * size);
  const failures = new Map<number, string>();
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < files.length) {
      signal?.throwIfAborted();
      const index = next++;
      try {
        images.set(await decodeImage(files[index].path, resolution), index * size);
      } catch (error) {
        failures.set(index, reasonOf(error));
      }
      onProgress?.(++done, files.length);
    }
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, work));

  const usable = files.map((_, index) => index).filter((index) => !failures.has(index));
  for (const [place, index] of usable.entries()) {
    if (place < index) images.copyWithin(place * size, index * size, (index + 1) * size); // closes the gaps
  }
  return {
    count: usable.length,
    images: images.subarray(0, usable.length * size),
    labels: Int32Array.from(usable.flatMap((index) => files[index].label ?? [])),
    skipped: [...failures].sort(([a], [b]) => a - b).map(([index, reason]) => ({ file: files[index].name, reason })),
  };
}

/** One line without the path, which stands beside it. */
const reasonOf = (error: unknown): string =>
  (error as Error).message.split("\n")[0].replace(/^Input file (?=is missing|contains)/, "the file ");
