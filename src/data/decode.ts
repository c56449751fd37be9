/** @file Files to pixels: decoded by sharp, the centre square taken and resized. */
import sharp from "sharp";
import { resizeInterleaved } from "./resize.js";

/** Larger images are refused before they are decoded: 128 megapixels take 512 MB. */
const LARGEST_PIXELS = 2 ** 27;

const formats = new Set(["jpeg", "png", "webp", "gif"]);

sharp.concurrency(1); // many small images: one thread each is faster than many threads for one

/** @throws Error saying why the file cannot be used */
export async function decodeImage(bytes: Uint8Array, resolution: number): Promise<Uint8Array> {
  const image = sharp(bytes, { limitInputPixels: LARGEST_PIXELS, failOn: "error" });
  const { format } = await image.metadata();
  if (!formats.has(format)) throw new Error(`expected JPEG, PNG or WebP, got ${format}`);
  const { data, info } = await image
    .autoOrient()
    .flatten({ background: "white" })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return resizeInterleaved(data, info, resolution);
}
