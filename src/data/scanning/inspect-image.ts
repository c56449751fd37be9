/** @file Facts about one image that decide what becomes of it in a training set. */
import { hash } from "node:crypto";
import { decodePixels, isTransparent } from "../decoding/decode.js";
import type { ImageFormat } from "../decoding/image-format.js";
import type { Planes } from "../sources/source.js";
import { DIGEST_BYTES } from "./digest-table.js";

export interface ImageFacts {
  /** `pixels` where the source holds no files. */
  format: ImageFormat | "pixels";
  /** Upright, in pixels. */
  width: number;
  height: number;
  /** Pictures of an animation; 1 for a still. */
  frames: number;
  /** Whether something shows through. */
  transparent: boolean;
  /** Whether its EXIF orientation turns or mirrors it. */
  turned: boolean;
  cmyk: boolean;
  /** Whether it has more than 8 bits a channel. */
  deep: boolean;
  /** Whether no pixel has a colour. */
  grey: boolean;
  /** The same for two images if and only if all their pixels are: 16 bytes of a SHA-256 of size and pixels. */
  digest: Uint8Array;
}

/** Channels of a grey pixel differ by no more than JPEG's rounding. */
const GREY_TOLERANCE = 2;

/**
 * Decodes a file and says what it is.
 *
 * @param bytes - a file of a format that is read
 * @throws Error saying why the file cannot be used
 */
export async function inspectImage(bytes: Uint8Array): Promise<ImageFacts> {
  const { data, info, format, metadata } = await decodePixels(bytes);
  return {
    format,
    width: info.width,
    height: info.height,
    frames: format === "png" ? framesOfPng(bytes) : format === "avif" ? framesOfAvif(bytes) : (metadata.pages ?? 1),
    transparent: metadata.hasAlpha ? await isTransparent(bytes) : false,
    turned: (metadata.orientation ?? 1) > 1,
    cmyk: metadata.space === "cmyk",
    deep: metadata.depth !== "uchar",
    grey: isGrey(data, info.channels, 1),
    digest: digestOf(data, info.width, info.height),
  };
}

/** The same of pixels that a source holds unencoded. */
export function inspectPixels({ pixels, width, height }: Planes): ImageFacts {
  return {
    ...{ format: "pixels", width, height, frames: 1 },
    ...{ transparent: false, turned: false, cmyk: false, deep: false },
    grey: isGrey(pixels, 1, width * height),
    digest: digestOf(pixels, width, height),
  };
}

/** Whether all pixels are grey, each `step` after the one before, their channels `between` apart. */
function isGrey(pixels: Uint8Array, step: number, between: number): boolean {
  const end = pixels.length - 2 * between;
  for (let red = 0; red < end; red += step) {
    if (Math.abs(pixels[red] - pixels[red + between]) > GREY_TOLERANCE) return false;
    if (Math.abs(pixels[red] - pixels[red + 2 * between]) > GREY_TOLERANCE) return false;
  }
  return true;
}

const digestOf = (pixels: Uint8Array, width: number, height: number): Uint8Array =>
  hash("sha256", `${width}×${height}:${hash("sha256", pixels)}`, "buffer").subarray(0, DIGEST_BYTES);

/** The number of pictures that an animated PNG declares before its first picture. */
function framesOfPng(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (name === "acTL") return Math.max(view.getUint32(at + 8), 1);
    if (name === "IDAT") break;
  }
  return 1;
}

/** The number of pictures in the table of sizes of an animated AVIF's track (ISO 14496-12 §8.7.3). */
function framesOfAvif(bytes: Uint8Array): number {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.toString("latin1", 8, 12) !== "avis") return 1;
  const table = file.indexOf("stsz");
  const count = table + 12; // behind its name, a version, and the size that all have
  return table > 0 && count + 4 <= file.length ? Math.max(file.readUInt32BE(count), 1) : 1;
}
