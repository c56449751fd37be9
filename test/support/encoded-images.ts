/** @file PNG and TIFF files written by hand, sample by sample: depths, channels and tags that sharp does not write. */
import { crc32, deflateSync } from "node:zlib";

/** What a file is made of. */
export interface Samples {
  width: number;
  height: number;
  /** Bits of a sample. */
  depth: number;
  /** [height · width · channels], each below 2^depth. */
  samples: ArrayLike<number>;
  channels: number;
}

const u16 = (value: number) => Buffer.from([value >>> 8, value & 255]);
const u32 = (value: number) => Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);

/** One chunk of a PNG. */
export function pngChunk(name: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  return Buffer.concat([u32(data.length), body, u32(crc32(body))]);
}

/** A PNG with more chunks after its header. */
export const withPngChunks = (png: Buffer, ...chunks: Buffer[]): Buffer =>
  Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)]);

/** The chunk that carries a profile. */
export const iccChunk = (profile: Uint8Array): Buffer =>
  pngChunk("iCCP", Buffer.concat([Buffer.from("test\0\0", "latin1"), deflateSync(profile)]));

/** Rows of samples, the first bit of each row in a byte of its own. */
function packRows({ width, height, depth, samples, channels }: Samples): Buffer[] {
  return Array.from({ length: height }, (_, y) => {
    const row = Buffer.alloc(Math.ceil((width * channels * depth) / 8));
    for (let i = 0; i < width * channels; i++) {
      const value = samples[y * width * channels + i];
      if (depth === 16) row.writeUInt16BE(value, 2 * i);
      else row[(i * depth) >> 3] |= value << (8 - depth - ((i * depth) & 7));
    }
    return row;
  });
}

/**
 * A PNG.
 *
 * @param palette - red, green and blue of each entry: the samples are its indices then
 * @param chunks - between the header and the pixels
 */
export function pngOf(
  image: Samples,
  { palette, chunks = [] }: { palette?: number[]; chunks?: Buffer[] } = {},
): Buffer {
  const colourType = palette ? 3 : [0, 0, 4, 2, 6][image.channels];
  const header = Buffer.concat([u32(image.width), u32(image.height), Buffer.from([image.depth, colourType, 0, 0, 0])]);
  const rows = packRows(image).flatMap((row) => [Buffer.from([0]), row]);
  const [before, after] = [chunks.filter((each) => !isTransparency(each)), chunks.filter(isTransparency)];
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    pngChunk("IHDR", header),
    ...before,
    ...(palette ? [pngChunk("PLTE", Buffer.from(palette))] : []),
    ...after,
    pngChunk("IDAT", deflateSync(Buffer.concat(rows))),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

const isTransparency = (chunk: Buffer): boolean => chunk.toString("latin1", 4, 8) === "tRNS";

/** Photometric interpretations (TIFF 6.0, p. 37). */
export const photometric = { whiteIsZero: 0, blackIsZero: 1, rgb: 2, palette: 3, separated: 5 } as const;

/** Tags of a TIFF that may be given. */
export interface TiffOptions {
  photometric: number;
  /** What a channel beyond the colours is: 1 alpha that the colours are multiplied by, 2 alpha that they are not. */
  extraSample?: 0 | 1 | 2;
  /** 1 unsigned, 2 signed, 3 floating-point. */
  sampleFormat?: number;
  orientation?: number;
  icc?: Uint8Array;
  xmp?: Uint8Array;
  /** 2^depth entries, red, then green, then blue, of 16 bits. */
  palette?: number[];
  /** Of the picture: 1 for a reduced one. */
  subfileType?: number;
  /** Bytes of the samples, where they are not written as whole numbers. */
  data?: Uint8Array;
  /** How many pictures it has, all the same. */
  pages?: number;
}

/** A big-endian TIFF of one strip. */
export function tiffOf(image: Samples, options: TiffOptions): Buffer {
  const data = options.data ?? Buffer.concat(packRows(image));
  const short = (tag: number, ...values: number[]) => ({ tag, type: 3, count: values.length, bytes: values.map(u16) });
  const long = (tag: number, value: number) => ({ tag, type: 4, count: 1, bytes: [u32(value)] });
  const bytes = (tag: number, value: Uint8Array) => ({ tag, type: 7, count: value.length, bytes: [value] });
  const { channels, depth } = image;
  const page = (at: number, last: boolean): Buffer => {
    const entries = [
      ...(options.subfileType === undefined ? [] : [long(254, options.subfileType)]),
      long(256, image.width),
      long(257, image.height),
      short(258, ...new Array(channels).fill(depth)),
      short(259, 1),
      short(262, options.photometric),
      long(273, 8),
      ...(options.orientation === undefined ? [] : [short(274, options.orientation)]),
      short(277, channels),
      long(278, image.height),
      long(279, data.length),
      ...(options.palette ? [short(320, ...options.palette)] : []),
      ...(options.extraSample === undefined ? [] : [short(338, options.extraSample)]),
      ...(options.sampleFormat === undefined ? [] : [short(339, ...new Array(channels).fill(options.sampleFormat))]),
      ...(options.xmp ? [bytes(700, options.xmp)] : []),
      ...(options.icc ? [bytes(34675, options.icc)] : []),
    ];
    const size = 2 + 12 * entries.length + 4;
    const beside: Buffer[] = [];
    let end = at + size;
    const list = entries.map(({ tag, type, count, bytes: parts }) => {
      const value = Buffer.concat(parts);
      const head = Buffer.concat([u16(tag), u16(type), u32(count)]);
      if (value.length <= 4) return Buffer.concat([head, value, Buffer.alloc(4 - value.length)]);
      const padded = Buffer.concat([value, Buffer.alloc(value.length & 1)]);
      const place = end;
      beside.push(padded);
      end += padded.length;
      return Buffer.concat([head, u32(place)]);
    });
    return Buffer.concat([u16(entries.length), ...list, u32(last ? 0 : end), ...beside]);
  };
  const file = Buffer.concat([
    Buffer.from("MM\0*", "latin1"),
    u32(8 + data.length + (data.length & 1)),
    data,
    Buffer.alloc(data.length & 1),
  ]);
  const pages = options.pages ?? 1;
  const parts: Buffer[] = [file];
  let at = file.length;
  for (let i = 0; i < pages; i++) {
    parts.push(page(at, i === pages - 1));
    at += parts.at(-1)!.length;
  }
  return Buffer.concat(parts);
}

/** EXIF of one entry, the orientation, as TIFF writes it. */
export const orientationExif = (orientation: number, little = false): Buffer =>
  little
    ? Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0])
    : Buffer.from([0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]);
