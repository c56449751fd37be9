/** @file Images made to harm whoever decodes them: each with what must be said of it, or that it is read. */
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { rgbProfile } from "./colour-profiles.js";
import { pngChunk as chunk, iccChunk, photometric, tiffOf, withPngChunks as withChunks } from "./encoded-images.js";
import { plain, pngClaiming } from "./images.js";

export interface HostileImage {
  name: string;
  bytes: Uint8Array;
  /** What the message says; undefined where the image can be read. */
  refusal?: RegExp;
}

const text = (content: string) => Buffer.from(content, "latin1");
const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const u32 = (value: number) => Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);

/** A black PNG, compressed a thousandfold: of one bit a pixel, or of 16 bits, three channels and a profile. */
function blackPng(width: number, height: number, profile?: Uint8Array): Buffer {
  const header = Buffer.concat([u32(width), u32(height), Buffer.from(profile ? [16, 2, 0, 0, 0] : [1, 0, 0, 0, 0])]);
  const rows = deflateSync(Buffer.alloc(height * (Math.ceil(profile ? 6 * width : width / 8) + 1)));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  const parts = [...(profile ? [iccChunk(profile)] : []), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, chunk("IHDR", header), ...parts]);
}

/** An animated PNG: every picture a copy of the first. */
function animatedPng(png: Buffer, frames: number): Buffer {
  const length = png.readUInt32BE(33);
  const data = png.subarray(41, 41 + length);
  const size = png.subarray(16, 24);
  const control = (number: number) =>
    chunk("fcTL", Buffer.concat([u32(number), size, u32(0), u32(0), u16(1), u16(10), Buffer.from([0, 0])]));
  const more = Array.from({ length: frames - 1 }, (_, i) => [
    control(2 * i + 1),
    chunk("fdAT", Buffer.concat([u32(2 * i + 2), data])),
  ]);
  const end = chunk("IEND", Buffer.alloc(0));
  const start = withChunks(png, chunk("acTL", Buffer.concat([u32(frames), u32(0)])), control(0));
  return Buffer.concat([start.subarray(0, start.length - end.length), ...more.flat(), end]);
}

/** A JPEG with a segment after its first marker. */
const withSegment = (jpeg: Buffer, marker: number, data: Buffer): Buffer =>
  Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, marker]), u16(data.length + 2), data, jpeg.subarray(2)]);

/** EXIF of one entry, the orientation, whose list of entries is followed by another at `next`. */
function exif(orientation: number, next = 0): Buffer {
  const entry = Buffer.concat([u16(0x0112), u16(3), u32(1), u16(orientation), u16(0)]);
  return Buffer.concat([text("Exif\0\0MM\0*"), u32(8), u16(1), entry, u32(next)]);
}

/** A JPEG whose header claims another size. */
function jpegClaiming(jpeg: Buffer, width: number, height: number): Buffer {
  const copy = Buffer.from(jpeg);
  const frame = copy.findIndex((byte, at) => byte === 0xff && [0xc0, 0xc2].includes(copy[at + 1]));
  copy.writeUInt16BE(height, frame + 5);
  copy.writeUInt16BE(width, frame + 7);
  return copy;
}

/** A progressive JPEG that repeats its last scan. */
function manyScans(jpeg: Buffer, times: number): Buffer {
  const scan = jpeg.subarray(jpeg.lastIndexOf(Buffer.from([0xff, 0xda])), jpeg.length - 2);
  return Buffer.concat([jpeg.subarray(0, -2), ...new Array(times).fill(scan), Buffer.from([0xff, 0xd9])]);
}

/** A GIF whose screen claims another size. */
function gifClaiming(gif: Buffer, width: number, height: number): Buffer {
  const copy = Buffer.from(gif);
  copy.writeUInt16LE(width, 6);
  copy.writeUInt16LE(height, 8);
  return copy;
}

/** A GIF that repeats its picture. */
function manyGifPictures(gif: Buffer, times: number): Buffer {
  const colours = gif[10] & 0x80 ? 3 * 2 ** ((gif[10] & 7) + 1) : 0;
  const picture = gif.subarray(13 + colours, -1);
  return Buffer.concat([gif.subarray(0, 13 + colours), ...new Array(times).fill(picture), Buffer.from([0x3b])]);
}

const littleEndian = (value: number, bytes: number) => {
  const result = Buffer.alloc(bytes);
  result.writeUIntLE(value, 0, bytes);
  return result;
};

/** A WebP of some chunks, after the header of the extended kind. */
function extendedWebp(width: number, height: number, flags: number, ...chunks: Buffer[]): Buffer {
  const size = [littleEndian(width - 1, 3), littleEndian(height - 1, 3)];
  const header = [text("VP8X"), littleEndian(10, 4), Buffer.from([flags, 0, 0, 0]), ...size];
  const body = Buffer.concat([text("WEBP"), ...header, ...chunks]);
  return Buffer.concat([text("RIFF"), littleEndian(body.length, 4), body]);
}

/** A WebP that repeats its picture, of 48×32. */
function manyWebpPictures(webp: Buffer, times: number): Buffer {
  const picture = webp.subarray(12);
  const place = [littleEndian(0, 6), littleEndian(47, 3), littleEndian(31, 3), littleEndian(10, 3), Buffer.from([0])];
  const frame = Buffer.concat([text("ANMF"), littleEndian(16 + picture.length, 4), ...place, picture]);
  const animation = Buffer.concat([text("ANIM"), littleEndian(6, 4), Buffer.alloc(6)]);
  return extendedWebp(48, 32, 2, animation, ...new Array(times).fill(frame));
}

/** A grey TIFF of one pixel whose tags claim another size. */
function tiffClaiming(width: number, height: number): Buffer {
  const pixel = { width: 1, height: 1, depth: 8, channels: 1, samples: [9] };
  return patchedTiff(tiffOf(pixel, { photometric: photometric.blackIsZero }), { 256: width, 257: height, 278: height });
}

/** A big-endian TIFF with other values of tags that have one of 32 bits. */
function patchedTiff(tiff: Buffer, values: Record<number, number>): Buffer {
  const copy = Buffer.from(tiff);
  const list = copy.readUInt32BE(4);
  for (let at = list + 2; at < list + 2 + 12 * copy.readUInt16BE(list); at += 12) {
    const value = values[copy.readUInt16BE(at)];
    if (value !== undefined) copy.writeUInt32BE(value, at + 8);
  }
  return copy;
}

/** A TIFF whose list of entries is followed by itself. */
function endlessTiff(tiff: Buffer): Buffer {
  const copy = Buffer.from(tiff);
  const list = copy.readUInt32BE(4);
  copy.writeUInt32BE(list, list + 2 + 12 * copy.readUInt16BE(list));
  return copy;
}

/** An AVIF whose box of a name is changed in every place: `ispe` has its size. */
function patchedAvif(avif: Buffer, box: string, change: (content: Buffer) => void): Buffer {
  const copy = Buffer.from(avif);
  for (let at = copy.indexOf(box); at >= 0; at = copy.indexOf(box, at + 4)) {
    change(copy.subarray(at + 4, at - 4 + copy.readUInt32BE(at - 4)));
  }
  return copy;
}

/** An AVIF that claims another size. */
const avifClaiming = (avif: Buffer, width: number, height: number): Buffer =>
  patchedAvif(avif, "ispe", (content) => {
    content.writeUInt32BE(width, 4);
    content.writeUInt32BE(height, 8);
  });

/** Small valid files of every format, to be cut and damaged. */
export async function validImages(): Promise<Record<string, Buffer>> {
  const noise = { type: "gaussian", mean: 128, sigma: 30 } as const;
  const image = sharp({ create: { width: 48, height: 32, channels: 3, background: "black", noise } });
  const picture = await image.png().toBuffer();
  return {
    png: picture,
    "interlaced png": await sharp(picture).png({ progressive: true }).toBuffer(),
    "animated png": animatedPng(picture, 3),
    jpeg: await sharp(picture).jpeg().toBuffer(),
    "progressive jpeg": await sharp(picture).jpeg({ progressive: true }).toBuffer(),
    webp: await sharp(picture).webp().toBuffer(),
    "lossless webp": await sharp(picture).webp({ lossless: true }).toBuffer(),
    gif: await sharp(picture).gif().toBuffer(),
    avif: await sharp(picture).avif().toBuffer(),
    tiff: await sharp(picture).tiff({ compression: "none" }).toBuffer(),
    "tiff of tiles": await sharp(picture)
      .tiff({ compression: "deflate", tile: true, predictor: "horizontal" })
      .toBuffer(),
  };
}

/** The table. */
export async function hostileImages(): Promise<HostileImage[]> {
  const { png, jpeg, webp, gif, avif } = await validImages();
  const progressive = await plain([9, 99, 199], 800).jpeg({ progressive: true }).toBuffer();
  const black = sharp({ create: { width: 4000, height: 4000, channels: 3, background: "black" } });
  const pixel = { width: 1, height: 1, depth: 8, channels: 1, samples: [9] };
  const grey = tiffOf(pixel, { photometric: photometric.blackIsZero });
  const laughs = Array.from({ length: 20 }, (_, i) => `<!ENTITY l${i + 1} "&l${i};&l${i};&l${i};&l${i};&l${i};">`).join(
    "",
  );
  const format = /^expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got /;
  const tooLarge = /^expected at most 134 megapixels, got \d+×\d+$/;
  const damaged = /^cannot be decoded: /;
  return [
    { name: "PNG claiming 50,000×50,000", bytes: await pngClaiming(50_000, 50_000), refusal: tooLarge },
    { name: "PNG claiming 2,147,483,647×1", bytes: await pngClaiming(2 ** 31 - 1, 1), refusal: damaged },
    { name: "PNG claiming 11,000×11,000 of nothing", bytes: await pngClaiming(11_000, 11_000), refusal: damaged },
    { name: "PNG of 0×0", bytes: await pngClaiming(0, 0), refusal: damaged },
    { name: "PNG of 0×5", bytes: await pngClaiming(0, 5), refusal: damaged },
    { name: "PNG, 12,000×12,000 black pixels in 18 kB", bytes: blackPng(12_000, 12_000), refusal: tooLarge },
    { name: "PNG, 8,000×8,000 black pixels in 8 kB", bytes: blackPng(8000, 8000) },
    { name: "PNG of one line, 1,000,000 wide", bytes: blackPng(1_000_000, 1) },
    { name: "PNG of one column, 1,000,000 high", bytes: blackPng(1, 1_000_000) },
    { name: "JPEG claiming 65,500×65,500", bytes: jpegClaiming(jpeg, 65_500, 65_500), refusal: tooLarge },
    { name: "JPEG claiming 11,000×11,000, of which most is missing", bytes: jpegClaiming(jpeg, 11_000, 11_000) },
    { name: "JPEG of 0×0", bytes: jpegClaiming(jpeg, 0, 0), refusal: damaged },
    { name: "JPEG of 20,000 scans", bytes: manyScans(progressive, 20_000), refusal: damaged },
    { name: "GIF claiming 65,535×65,535", bytes: gifClaiming(gif, 65_535, 65_535) },
    { name: "GIF of 0×0", bytes: gifClaiming(gif, 0, 0) },
    {
      name: "WebP claiming 16,777,216×16,777,216",
      bytes: extendedWebp(2 ** 24, 2 ** 24, 0, webp.subarray(12)),
      refusal: damaged,
    },
    {
      name: "WebP claiming 16,000×16,000",
      bytes: extendedWebp(16_000, 16_000, 0, webp.subarray(12)),
      refusal: damaged,
    },
    { name: "GIF of 10,000 pictures", bytes: manyGifPictures(gif, 10_000) },
    { name: "WebP of 10,000 pictures", bytes: manyWebpPictures(webp, 10_000) },
    { name: "PNG of 10,000 pictures", bytes: animatedPng(png, 10_000) },
    { name: "PNG claiming 4,294,967,295 pictures", bytes: withChunks(png, chunk("acTL", Buffer.alloc(8, 255))) },
    {
      name: "PNG of a chunk of 4 GB",
      bytes: Buffer.concat([png.subarray(0, 33), text("\xff\xff\xff\xfftEXt")]),
      refusal: damaged,
    },
    { name: "PNG with 20 MB of text", bytes: withChunks(png, chunk("tEXt", Buffer.alloc(20e6, "a\0b"))) },
    {
      name: "PNG with text that unpacks to 200 MB",
      bytes: withChunks(png, chunk("zTXt", Buffer.concat([text("a\0\0"), deflateSync(Buffer.alloc(200e6))]))),
    },
    {
      name: "PNG with a colour profile that unpacks to 200 MB",
      bytes: withChunks(png, chunk("iCCP", Buffer.concat([text("a\0\0"), deflateSync(Buffer.alloc(200e6))]))),
    },
    { name: "PNG with 100,000 texts", bytes: withChunks(png, ...new Array(100_000).fill(chunk("tEXt", text("a\0b")))) },
    {
      name: "JPEG with a colour profile of zeros",
      bytes: withSegment(jpeg, 0xe2, Buffer.concat([text("ICC_PROFILE\0\x01\x01"), Buffer.alloc(65_000)])),
    },
    { name: "JPEG with orientation 9", bytes: withSegment(jpeg, 0xe1, exif(9)) },
    { name: "JPEG with orientation 65,535", bytes: withSegment(jpeg, 0xe1, exif(65_535)) },
    { name: "JPEG with orientation 0", bytes: withSegment(jpeg, 0xe1, exif(0)) },
    { name: "JPEG whose EXIF points to itself", bytes: withSegment(jpeg, 0xe1, exif(6, 8)) },
    { name: "JPEG whose EXIF points outside", bytes: withSegment(jpeg, 0xe1, exif(6, 0xfffffff0)) },
    { name: "PNG of 16 bits with a profile, 4,000×3,000", bytes: blackPng(4000, 3000, rgbProfile("display p3")) },
    { name: "TIFF claiming 50,000×50,000", bytes: tiffClaiming(50_000, 50_000), refusal: tooLarge },
    {
      name: "TIFF claiming 4,294,967,295×4,294,967,295",
      bytes: tiffClaiming(2 ** 32 - 1, 2 ** 32 - 1),
      refusal: damaged,
    },
    { name: "TIFF claiming 11,000×11,000 of nothing", bytes: tiffClaiming(11_000, 11_000), refusal: damaged },
    { name: "TIFF of 0×0", bytes: tiffClaiming(0, 0), refusal: damaged },
    { name: "TIFF, 4,000×4,000 black pixels in 50 kB", bytes: await black.tiff({ compression: "deflate" }).toBuffer() },
    { name: "TIFF of 5,000 pictures", bytes: tiffOf(pixel, { photometric: photometric.blackIsZero, pages: 5000 }) },
    { name: "TIFF of endless pictures", bytes: endlessTiff(grey) },
    { name: "TIFF whose pixels lie outside", bytes: patchedTiff(grey, { 273: 0xfffffff0 }), refusal: damaged },
    { name: "TIFF of a strip of 4 GB", bytes: patchedTiff(grey, { 279: 0xffffffff }) },
    {
      name: "TIFF whose list of entries lies outside",
      bytes: Buffer.from("II*\0\xff\xff\xff\x7f", "latin1"),
      refusal: damaged,
    },
    {
      name: "AVIF claiming 50,000×50,000",
      bytes: avifClaiming(avif, 50_000, 50_000),
      refusal: /^expected at most|^cannot/,
    },
    { name: "AVIF claiming 11,000×11,000", bytes: avifClaiming(avif, 11_000, 11_000), refusal: damaged },
    { name: "AVIF of 0×0", bytes: avifClaiming(avif, 0, 0), refusal: damaged },
    {
      name: "AVIF, 4,000×3,000 black pixels in 500 bytes",
      bytes: await black.resize(4000, 3000).avif({ effort: 0 }).toBuffer(),
    },
    {
      name: "AVIF whose pixels lie outside",
      bytes: patchedAvif(avif, "iloc", (content) => content.fill(255, 12)),
      refusal: damaged,
    },
    { name: "AVIF called animated, of one picture", bytes: Buffer.from(avif).fill("avis", 8, 12) },
    { name: "AVIF of nothing", bytes: avif.subarray(0, avif.readUInt32BE(0)), refusal: damaged },
    { name: "SVG", bytes: text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), refusal: format },
    {
      name: "SVG that reads a file",
      bytes: text('<?xml version="1.0"?><svg><image href="file:///etc/passwd"/></svg>'),
      refusal: format,
    },
    {
      name: "SVG of a billion laughs",
      bytes: text(`<?xml version="1.0"?><!DOCTYPE s [<!ENTITY l0 "ha">${laughs}]><svg>&l20;</svg>`),
      refusal: format,
    },
    { name: "PDF", bytes: text("%PDF-1.7\n"), refusal: format },
    { name: "BMP", bytes: Buffer.concat([text("BM"), Buffer.alloc(60)]), refusal: format },
    { name: "ZIP", bytes: text("PK\x03\x04"), refusal: format },
    { name: "HTML", bytes: text("<!DOCTYPE html><title>404</title>"), refusal: format },
    { name: "a Git LFS pointer", bytes: text("version https://git-lfs.github.com/spec/v1\n"), refusal: format },
    { name: "nothing", bytes: new Uint8Array(0), refusal: format },
    { name: "zeros", bytes: new Uint8Array(1e6), refusal: format },
    ...["\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "RIFF\xff\xff\xff\xffWEBP", "GIF89a", "II*\0", "\0\0\0\x10ftypavif"].map(
      (start) => ({
        name: `garbage that begins as ${JSON.stringify(start)}`,
        bytes: Buffer.concat([text(start), Buffer.from(jpeg.map((byte) => (byte * 197 + 31) & 255))]),
        refusal: damaged,
      }),
    ),
  ];
}
