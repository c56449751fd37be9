/** @file What kind of file some bytes are, by how they begin; decoders see no others than the four that are read. */

/** The formats that are decoded. */
export type ImageFormat = "jpeg" | "png" | "webp" | "gif";

const EXPECTED_FORMATS = "JPEG, PNG, WebP or GIF";

/** How formats begin, control characters as points; those that are not read are here to be named. */
const beginnings: [name: string, pattern: RegExp][] = [
  ["JPEG", /^\xff\xd8\xff/],
  ["PNG", /^\x89PNG/],
  ["WebP", /^RIFF....WEBP/s],
  ["GIF", /^GIF8[79]a/],
  ["TIFF", /^(II[*+]|MM.[*+])/s],
  ["BMP", /^BM.{4}[^ -~]{4}/s],
  ["AVIF", /^....ftypavi[fs]/s],
  ["HEIF", /^....ftyp(hei|hev|mif|msf)/s],
  ["JPEG XL", /^....JXL /s],
  ["JPEG 2000", /^....jP {2}/s],
  ["PSD", /^8BPS/],
  ["PDF", /^%PDF-/],
  ["ZIP", /^PK[^ -~]/],
  ["a Git LFS pointer (git lfs pull fetches the files themselves)", /^version https:\/\/git-lfs/],
  ["an HTML page", /^\s*<(!doctype )?html/i],
  ["SVG", /^\s*<.*(?<=<)svg\b/is],
];

const readable: Record<string, ImageFormat> = { JPEG: "jpeg", PNG: "png", WebP: "webp", GIF: "gif" };

/**
 * The format of a file.
 *
 * @throws Error naming what it is instead, where that is known
 */
export function imageFormat(bytes: Uint8Array): ImageFormat {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 256)).toString("latin1");
  const name = beginnings.find(([, pattern]) => pattern.test(start))?.[0];
  const format = readable[name ?? ""];
  if (format) return format;
  const text = /^[\t\n\r\x20-\x7e]+$/.test(start) ? "text" : "something else";
  throw new Error(`expected ${EXPECTED_FORMATS}, got ${start === "" ? "an empty file" : (name ?? text)}`);
}
