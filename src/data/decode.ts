/** @file Files to pixels: sharp decodes them, and our own resizing brings them to a model's resolution. */
import sharp, { type Metadata, type Sharp } from "sharp";
import { imageFormat } from "./image-format.js";
import { resizeInterleaved } from "./resize.js";

/** Images of more pixels are refused before they are decoded: 134 megapixels take 400 MB. */
export const LARGEST_PIXELS = 2 ** 27;

/** Larger files are refused before they are read, bytes. */
export const LARGEST_FILE = 256e6;

/** Images of more pixels are decoded one at a time, so that no more than one needs hundreds of megabytes. */
const LARGE_PIXELS = 2 ** 24;

sharp.concurrency(1); // many small images: one thread each is faster than many threads for one
sharp.cache(false); // no image is decoded twice, and the cache would keep the bytes of the last hundred

/**
 * The centre of an image as uint8 [3, R, R], resized as `resizePixels` does: upright by its EXIF orientation, on white, in
 * sRGB of 8 bits. Of an animation, the first picture.
 *
 * @param bytes - a JPEG, PNG, WebP or GIF file
 * @throws Error saying why it cannot be used
 */
export async function decodeImage(bytes: Uint8Array, resolution: number): Promise<Uint8Array> {
  const { image, metadata } = await openImage(bytes);
  const decode = () =>
    image
      .autoOrient()
      .flatten({ background: "white" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
  const large = metadata.width * metadata.height > LARGE_PIXELS;
  const { data, info } = await (large ? oneAtATime(decode) : decode()).catch(explain);
  return resizeInterleaved(data, info, resolution);
}

/**
 * Reads the header of an image, and decodes nothing.
 *
 * @returns the image, to be decoded once, and what its header says
 * @throws Error when the file or the image is too large, or is no image of a known format
 */
export async function openImage(bytes: Uint8Array): Promise<{ image: Sharp; metadata: Metadata }> {
  expectFileSize(bytes.length);
  imageFormat(bytes);
  const image = sharp(bytes, { limitInputPixels: false, failOn: "error" });
  const metadata = await image.metadata().catch(explain);
  const { width, height } = metadata;
  if (width * height > LARGEST_PIXELS) {
    const megapixels = Math.floor(LARGEST_PIXELS / 1e6);
    throw new Error(`expected at most ${megapixels} megapixels, got ${width}×${height}`);
  }
  return { image, metadata };
}

function expectFileSize(size: number): void {
  if (size <= LARGEST_FILE) return;
  throw new Error(`expected at most ${LARGEST_FILE / 1e6} MB, got ${Math.round(size / 1e6)} MB`);
}

/** Throws what a decoder threw as one line. */
function explain(error: Error): never {
  const line = error.message.split("\n")[0].replace(/^Input buffer has corrupt header: /, "");
  throw new Error(`cannot be decoded: ${line}`, { cause: error });
}

let lastLarge: Promise<unknown> = Promise.resolve();

/** Runs a task after all tasks given before. */
function oneAtATime<T>(task: () => Promise<T>): Promise<T> {
  const result = lastLarge.then(task);
  lastLarge = result.catch(() => {});
  return result;
}
