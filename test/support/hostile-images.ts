/** @file Images made to harm whoever decodes them: each with what must be said of it, or that it is read. */
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
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

/** One chunk of a PNG. */
function chunk(name: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([text(name), data]);
  return Buffer.concat([u32(data.length), body, u32(crc32(body))]);
}

/** A PNG with more chunks after its header. */
const withChunks = (png: Buffer, ...chunks: Buffer[]): Buffer =>
  Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)]);

/** A black PNG of one bit a pixel, compressed a thousandfold. */
function blackPng(width: number, height: number): Buffer {
  const header = Buffer.concat([u32(width), u32(height), Buffer.from([1, 0, 0, 0, 0])]);
  const rows = deflateSync(Buffer.alloc(height * (Math.ceil(width / 8) + 1)));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
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
  };
}

/** The table. */
export async function hostileImages(): Promise<HostileImage[]> {
  const { png, jpeg, webp, gif } = await validImages();
  const progressive = await plain([9, 99, 199], 800).jpeg({ progressive: true }).toBuffer();
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
    { name: "TIFF", bytes: await plain([1, 2, 3]).tiff().toBuffer(), refusal: format },
    { name: "AVIF", bytes: await plain([1, 2, 3]).avif().toBuffer(), refusal: format },
    { name: "BMP", bytes: Buffer.concat([text("BM"), Buffer.alloc(60)]), refusal: format },
    { name: "ZIP", bytes: text("PK\x03\x04"), refusal: format },
    { name: "HTML", bytes: text("<!DOCTYPE html><title>404</title>"), refusal: format },
    { name: "a Git LFS pointer", bytes: text("version https://git-lfs.github.com/spec/v1\n"), refusal: format },
    { name: "nothing", bytes: new Uint8Array(0), refusal: format },
    { name: "zeros", bytes: new Uint8Array(1e6), refusal: format },
    ...["\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "RIFF\xff\xff\xff\xffWEBP", "GIF89a"].map((start) => ({
      name: `garbage that begins as ${JSON.stringify(start)}`,
      bytes: Buffer.concat([text(start), Buffer.from(jpeg.map((byte) => (byte * 197 + 31) & 255))]),
      refusal: damaged,
    })),
  ];
}
