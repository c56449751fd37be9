/** @file Files to pixels: sharp decodes them, and our own resizing brings them to a model's resolution. */
import type { Metadata, Sharp } from "sharp";
import { type ErrorCode, UserError } from "../../errors.js";
import { openBytes } from "../../io/archives/byte-source.js";
import { formatBytes } from "../../number-format.js";
import { expectColours, OPENING, type Raw, toSrgb } from "./colour.js";
import { type ImageFormat, imageFormat } from "./image-format.js";
import { resizeInterleaved } from "./resize.js";

/** Images of more pixels are refused before they are decoded: 134 megapixels take 400 MB, and 1.1 GB while they have 16 bits. */
const LARGEST_PIXELS = 2 ** 27;

/** Larger files are refused before they are read, bytes. */
export const LARGEST_FILE = 256e6;

/** Images of more pixels are decoded one at a time, so that no more than one needs hundreds of megabytes: see `isLarge`. */
const LARGE_PIXELS = 2 ** 24;

/** Decoding that takes longer is aborted. */
const LONGEST_SECONDS = 60;

/** The file or its picture exceeds what is read. */
export class TooLarge extends Error {
  override name = "TooLarge";
}

/** The image would have to be upscaled. */
class TooSmall extends Error {
  override name = "TooSmall";
}

/** What to do with images that are smaller than the resolution asked for. */
export type UndersizedImages = "upscale" | "refuse";

/**
 * The centre of an image as uint8 [3, R, R], decoded by `decodePixels` and resized as `resizePixels` does.
 *
 * @param bytes - a file of a format that is read
 * @param undersized - what to do when its shorter side has fewer than R pixels
 * @throws Error saying why it cannot be used
 */
export async function decodeImage(
  bytes: Uint8Array,
  resolution: number,
  undersized: UndersizedImages = "upscale",
): Promise<Uint8Array> {
  const { data, info } = await decodePixels(bytes);
  const problem = undersized === "refuse" ? tooSmall(info, resolution) : undefined;
  if (problem) throw new TooSmall(problem);
  return resizeInterleaved(data, info, resolution);
}

/** What is wrong with an image that would have to be upscaled. */
export const tooSmall = ({ width, height }: { width: number; height: number }, resolution: number) =>
  Math.min(width, height) < resolution
    ? `expected at least ${resolution} pixels on each side, got ${width}×${height}`
    : undefined;

/** Pixels, or why there are none; `small`: the image would have to be upscaled. */
export type Decoded = { pixels: Uint8Array } | { error: string; small?: true };

/** What becomes of an image: as `decodeImage`, but what is wrong with it is a result. */
export const tryDecoding = (bytes: Uint8Array, resolution: number, undersized?: UndersizedImages): Promise<Decoded> =>
  decodeImage(bytes, resolution, undersized).then(
    (pixels) => ({ pixels }),
    (error: Error) => ({ error: error.message, ...(error instanceof TooSmall ? { small: true as const } : {}) }),
  );

/** A decoded image, uint8 [H, W, channels]. */
export interface DecodedImage extends Raw {
  format: ImageFormat;
  /** What the file's header says. */
  metadata: Metadata;
}

/**
 * All pixels of an image: upright by its EXIF orientation, on white, in sRGB of 8 bits. Of several pictures in a file, the
 * first.
 *
 * @param bytes - a file of a format that is read
 * @throws Error saying why it cannot be used
 */
export async function decodePixels(bytes: Uint8Array): Promise<DecodedImage> {
  const image = await openImage(bytes);
  const decoded = await toSrgb(image.bytes, image, (each) => decode(each, image.metadata));
  return { ...decoded, format: image.format, metadata: image.metadata };
}

/**
 * Whether a picture shows what it is placed on.
 *
 * @param bytes - a file that `decodePixels` accepts, of an image with alpha
 */
export async function isTransparent(bytes: Uint8Array): Promise<boolean> {
  const { default: sharp } = await import("sharp");
  const image = await openImage(bytes);
  const alpha = sharp(image.bytes, OPENING).ensureAlpha().extractChannel("alpha").raw({ depth: "uchar" });
  const { data } = await decode(alpha, image.metadata);
  return data.some((each) => each < 255);
}

/** The pixels of an image, once other large ones are done. */
async function decode(image: Sharp, { width, height }: Metadata): Promise<Raw> {
  const run = () => image.timeout({ seconds: LONGEST_SECONDS }).toBuffer({ resolveWithObject: true });
  return (width * height > LARGE_PIXELS ? oneAtATime(run) : run()).catch(explain);
}

/**
 * Whether an image is decoded by `oneAtATime`, as far as its header says.
 *
 * @throws Error saying why it cannot be used
 */
export async function isLarge(bytes: Uint8Array): Promise<boolean> {
  const { width, height } = (await openImage(bytes)).metadata;
  return width * height > LARGE_PIXELS;
}

/** An image whose header has been read, and the bytes to decode it from. */
interface OpenImage {
  bytes: Uint8Array;
  format: ImageFormat;
  metadata: Metadata;
}

/**
 * Reads the header of an image, and decodes nothing.
 *
 * @throws Error when the file or the image is too large, or is no image that is read
 */
async function openImage(file: Uint8Array): Promise<OpenImage> {
  const tooManyBytes = fileSizeProblem(file.length);
  if (tooManyBytes) throw new TooLarge(tooManyBytes);
  const format = imageFormat(file);
  const bytes = format === "avif" ? asStill(file) : file;
  const { default: sharp } = await import("sharp");
  const metadata = await sharp(bytes, OPENING).metadata().catch(explain);
  const { width, height } = metadata;
  if (width * height > LARGEST_PIXELS) {
    const megapixels = Math.floor(LARGEST_PIXELS / 1e6);
    throw new TooLarge(`expected at most ${megapixels} megapixels, got ${width}×${height}`);
  }
  expectColours(metadata);
  return { bytes, format, metadata };
}

/** An animated AVIF under the brand of a still, which it holds too, and under which alone libvips knows it. */
function asStill(file: Uint8Array): Uint8Array {
  if (Buffer.from(file.buffer, file.byteOffset, 12).toString("latin1", 8) !== "avis") return file;
  const bytes = Uint8Array.from(file);
  bytes.set(Buffer.from("avif"), 8);
  return bytes;
}

/** What is wrong with a file of so many bytes, if anything. */
const fileSizeProblem = (bytes: number): string | undefined =>
  bytes > LARGEST_FILE ? `expected at most ${formatBytes(LARGEST_FILE)}, got ${formatBytes(bytes)}` : undefined;

/** Throws what a decoder threw as one line. */
function explain(error: Error): never {
  const lines = error.message.replace(/^Input buffer has corrupt header:/, "").split("\n");
  const line = lines.map((each) => each.trim()).find((each) => each !== "");
  throw new Error(`cannot be decoded: ${line ?? "its header is damaged"}`, { cause: error });
}

let lastLarge: Promise<unknown> = Promise.resolve();

/** Runs a task after all tasks given before in this thread. */
export function oneAtATime<T>(task: () => Promise<T>): Promise<T> {
  const result = lastLarge.then(task);
  lastLarge = result.catch(() => {});
  return result;
}

/**
 * The centre of an image in a file, uint8 [3, R, R]: decoded and resized as training images are.
 *
 * @param path - a file of a format that is read
 * @throws UserError when there is no such file, or it cannot be used
 */
export async function readImageFile(path: string, resolution: number): Promise<Uint8Array> {
  const refuse = (problem: string, code: ErrorCode = "damaged"): never => {
    throw new UserError(code, `Cannot read an image from ${path}: ${problem}.`);
  };
  await using file = await openBytes(path, refuse);
  const problem = fileSizeProblem(file.size);
  if (problem) return refuse(problem);
  const bytes = await file.read(0, file.size);
  return await decodeImage(bytes, resolution).catch(({ message }: Error) => refuse(message));
}
