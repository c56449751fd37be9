/** @file Images are shown upright: all eight orientations of EXIF, in every format that has them, and in no other way. */
import sharp from "sharp";
import { expect, test } from "vitest";
import { rgbProfile } from "../../../test/support/colour-profiles.js";
import {
  iccChunk,
  orientationExif,
  photometric,
  pngChunk,
  pngOf,
  tiffOf,
} from "../../../test/support/encoded-images.js";
import { inspectImage } from "../scanning/inspect-image.js";
import { decodePixels } from "./decode.js";

/** Six patches, three in a row, told apart by their grey. */
const PATCH = 16;
const [WIDTH, HEIGHT] = [3, 2];
const greys = [0, 50, 100, 150, 200, 250];

/** Which column and row of the file each column and row of the upright image comes from (EXIF 2.32, tag 274). */
const origin: Record<number, (x: number, y: number) => [x: number, y: number]> = {
  1: (x, y) => [x, y],
  2: (x, y) => [WIDTH - 1 - x, y],
  3: (x, y) => [WIDTH - 1 - x, HEIGHT - 1 - y],
  4: (x, y) => [x, HEIGHT - 1 - y],
  5: (x, y) => [y, x],
  6: (x, y) => [y, HEIGHT - 1 - x],
  7: (x, y) => [WIDTH - 1 - y, HEIGHT - 1 - x],
  8: (x, y) => [WIDTH - 1 - y, x],
};

function image(depth: number) {
  const samples = Array.from({ length: WIDTH * HEIGHT * PATCH ** 2 }, (_, i) => {
    const [x, y] = [i % (WIDTH * PATCH), Math.floor(i / (WIDTH * PATCH))];
    return new Array(3).fill(greys[WIDTH * Math.floor(y / PATCH) + Math.floor(x / PATCH)] * (depth === 16 ? 257 : 1));
  }).flat();
  return { width: WIDTH * PATCH, height: HEIGHT * PATCH, depth, channels: 3, samples };
}

const exifChunk = (orientation: number, little = false) => pngChunk("eXIf", orientationExif(orientation, little));
const jpeg = await sharp(pngOf(image(8)))
  .jpeg({ quality: 100 })
  .toBuffer();
/** A JPEG with a segment APP1. */
function withApp1(data: Buffer): Buffer {
  const length = data.length + 2;
  return Buffer.concat([
    jpeg.subarray(0, 2),
    Buffer.from([0xff, 0xe1, length >> 8, length & 255]),
    data,
    jpeg.subarray(2),
  ]);
}
const jpegWithExif = (orientation: number, little = false) =>
  withApp1(Buffer.concat([Buffer.from("Exif\0\0", "latin1"), orientationExif(orientation, little)]));
const tiff = (orientation: number, depth: number) =>
  tiffOf(image(depth), { photometric: photometric.rgb, orientation });
const written = (orientation: number) => sharp(pngOf(image(8))).withMetadata({ orientation });
const deep = (orientation: number) => [iccChunk(rgbProfile("srgb")), exifChunk(orientation)];

const formats: [string, (orientation: number) => Buffer | Promise<Buffer>][] = [
  ["JPEG", (orientation) => jpegWithExif(orientation)],
  ["JPEG, little-endian", (orientation) => jpegWithExif(orientation, true)],
  ["PNG", (orientation) => pngOf(image(8), { chunks: [exifChunk(orientation)] })],
  ["PNG, little-endian", (orientation) => pngOf(image(8), { chunks: [exifChunk(orientation, true)] })],
  ["PNG of 16 bits with a profile", (orientation) => pngOf(image(16), { chunks: deep(orientation) })],
  ["WebP", (orientation) => written(orientation).webp({ lossless: true }).toBuffer()],
  ["TIFF", (orientation) => tiff(orientation, 8)],
  ["TIFF of 16 bits", (orientation) => tiff(orientation, 16)],
  ["AVIF", (orientation) => written(orientation).avif({ quality: 100 }).toBuffer()], // by its own turns and mirrors
];

/** The greys of the patches, row by row. */
async function patchesOf(file: Uint8Array): Promise<number[][]> {
  const { data, info } = await decodePixels(file);
  const at = (patch: number) => PATCH * patch + PATCH / 2;
  return Array.from({ length: info.height / PATCH }, (_, y) =>
    Array.from({ length: info.width / PATCH }, (_, x) => {
      const value = data[info.channels * (info.width * at(y) + at(x))];
      return greys.find((grey) => Math.abs(grey - value) < 5) ?? value;
    }),
  );
}

const upright = (orientation: number) => {
  const [width, height] = orientation < 5 ? [WIDTH, HEIGHT] : [HEIGHT, WIDTH];
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const [column, row] = origin[orientation](x, y);
      return greys[WIDTH * row + column];
    }),
  );
};

test.each(formats)("all eight orientations of a %s", async (format, make) => {
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const file = await make(orientation);
    expect([orientation, await patchesOf(file)]).toEqual([orientation, upright(orientation)]);
    if (format !== "AVIF") expect((await inspectImage(file)).turned).toBe(orientation > 1);
  }
});

const xmp =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
  '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>';

const described = () => sharp(pngOf(image(8))).withXmp(xmp);

test.each<[string, () => Buffer | Promise<Buffer>]>([
  ["JPEG", () => withApp1(Buffer.from(`http://ns.adobe.com/xap/1.0/\0${xmp}`, "latin1"))],
  [
    "PNG",
    () => pngOf(image(8), { chunks: [pngChunk("iTXt", Buffer.from(`XML:com.adobe.xmp${"\0".repeat(5)}${xmp}`))] }),
  ],
  ["WebP", () => described().webp({ lossless: true }).toBuffer()],
  ["AVIF", () => described().avif().toBuffer()],
  ["TIFF", () => tiffOf(image(8), { photometric: photometric.rgb, xmp: Buffer.from(xmp) })],
])("an orientation in XMP alone does not count, as in browsers: %s", async (_, make) => {
  const file = await make();
  expect(file.includes('tiff:Orientation="6"')).toBe(true);
  expect(await patchesOf(file)).toEqual(upright(1));
});

test("an orientation that there is not is none", async () => {
  for (const orientation of [0, 9, 255]) {
    for (const file of [jpegWithExif(orientation), pngOf(image(8), { chunks: [exifChunk(orientation)] })]) {
      expect(await patchesOf(file)).toEqual(upright(1));
    }
  }
});
