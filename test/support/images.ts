/** @file Tiny image files of known content, in folders that go away. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { afterAll } from "vitest";

/** Red, green, blue and, where it matters, alpha; 0 … 255, alpha 0 … 1. */
export type Colour = [red: number, green: number, blue: number, alpha?: number];

/** An image of one colour, to be encoded in any format. */
export function plain([r, g, b, alpha = 1]: Colour, width = 8, height = width): Sharp {
  return sharp({ create: { width, height, channels: 4, background: { r, g, b, alpha } } });
}

/** An image of two halves side by side. */
export function halves(left: Colour, right: Colour, width = 8, height = width): Sharp {
  const pixels = Array.from({ length: width * height }, (_, i) => (i % width < width / 2 ? left : right).slice(0, 3));
  return sharp(Uint8Array.from(pixels.flat() as number[]), { raw: { width, height, channels: 3 } });
}

/** An animation, one colour a picture: to be encoded as GIF or WebP. */
export function moving(colours: Colour[], size = 8): Sharp {
  const pixels = colours.flatMap(([r, g, b]) => Array.from({ length: size * size }, () => [r, g, b]).flat());
  const raw = { width: size, height: size * colours.length, channels: 3, pageHeight: size } as const;
  return sharp(Uint8Array.from(pixels), { raw });
}

/** A PNG of one pixel whose header claims another size. */
export async function pngClaiming(width: number, height: number): Promise<Buffer<ArrayBuffer>> {
  const file = Buffer.from(await plain([255, 0, 0], 1).png().toBuffer());
  file.writeUInt32BE(width, 16);
  file.writeUInt32BE(height, 20);
  file.writeUInt32BE(crc32(file.subarray(12, 29)), 29);
  return file;
}

/** A folder that goes away when the tests of the file are done. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "strata-images-"));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Writes files by their paths below a folder, making sub-folders. Images become what their extension says.
 *
 * @returns the folder
 */
export async function writeFiles(folder: string, files: Record<string, Sharp | Uint8Array | string>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    if (typeof content === "string" || content instanceof Uint8Array) await writeFile(path, content);
    else await content.toFile(path);
  }
  return folder;
}

/** `count` images in shades of grey, `prefix0.png` darkest. */
export function shades(count: number, prefix = "", extension = "png"): Record<string, Sharp> {
  const grey = (i: number) => Math.round((255 * i) / Math.max(count - 1, 1));
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`${prefix}${i}.${extension}`, plain([grey(i), grey(i), grey(i)])]),
  );
}
