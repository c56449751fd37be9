/** @file Files to pixels: decoding, centre crop and antialiased resize by sharp, several files at a time. */
import { availableParallelism } from "node:os";
import sharp from "sharp";
import type { ImageFile, ImageSet } from "./image-set.js";

/** Larger images are refused before they are decoded. */
const LARGEST_PIXELS = 100_000_000;

const formats = new Set(["jpeg", "png", "webp"]);

sharp.concurrency(1); // many small images: one thread each is faster than many threads for one

export interface DecodeOptions {
  resolution: number;
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * An image as uint8 [3, R, R]: upright by its EXIF orientation, on white, in sRGB, the largest centred square, resized by
 * Lanczos' kernel.
 *
 * @throws Error saying why the file cannot be used
 */
export async function decodeImage(path: string, resolution: number): Promise<Uint8Array> {
  const image = sharp(path, { limitInputPixels: LARGEST_PIXELS, failOn: "error" });
  const { format } = await image.metadata();
  if (!formats.has(format)) throw new Error(`expected JPEG, PNG or WebP, got ${format}`);
  const { data, info } = await image
    .autoOrient()
    .flatten({ background: "white" })
    .resize(resolution, resolution, { fit: "cover", position: "centre", kernel: "lanczos3" })
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

/** Decodes files in order; those that cannot be used are left out and listed with the reason. */
export async function decodeFiles(
  files: readonly ImageFile[],
  { resolution, onProgress, signal }: DecodeOptions,
): Promise<Pick<ImageSet, "count" | "images" | "labels" | "skipped">> {
  const decoded = new Array<Uint8Array | undefined>(files.length);
  const skipped: ImageSet["skipped"] = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < files.length) {
      signal?.throwIfAborted();
      const index = next++;
      try {
        decoded[index] = await decodeImage(files[index].path, resolution);
      } catch (error) {
        skipped.push({ file: files[index].name, reason: (error as Error).message.split("\n")[0] });
      }
      onProgress?.(++done, files.length);
    }
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, work));

  const usable = files.flatMap((file, index) => (decoded[index] ? [{ file, pixels: decoded[index] }] : []));
  const images = new Uint8Array(usable.length * 3 * resolution ** 2);
  usable.forEach(({ pixels }, index) => {
    images.set(pixels, index * pixels.length);
  });
  const labelled = usable.filter(({ file }) => file.label !== undefined);
  const labels = Int32Array.from(labelled, ({ file }) => file.label!);
  skipped.sort((a, b) => (a.file < b.file ? -1 : 1));
  return { count: usable.length, images, labels, skipped };
}
