import { readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import {
  type Colour,
  halves,
  moving,
  plain,
  pngClaiming,
  temporaryFolder,
  writeFiles,
} from "../../../test/support/images.js";
import { UserError } from "../../errors.js";
import { decodeImage, readImageFile } from "./decode.js";
import { resizeInterleaved } from "./resize.js";

const folder = await temporaryFolder();
const red: Colour = [255, 0, 0];
const blue: Colour = [0, 0, 255];

await writeFiles(folder, {
  "red.png": plain(red),
  "red.webp": plain(red).webp({ lossless: true }),
  "red.jpg": plain(red).jpeg({ quality: 100, chromaSubsampling: "4:4:4" }),
  "grey.png": plain([99, 99, 99]).toColourspace("b-w"),
  "deep.png": plain(red).toColourspace("rgb16").png(),
  "palette.png": plain(red).png({ palette: true }),
  "clear.png": plain([0, 0, 0, 0]),
  "half-clear.webp": plain([0, 0, 0, 0.5]).webp({ lossless: true }),
  "wide.png": halves(red, blue, 12, 4),
  "tiny.png": plain(red, 1),
  "still.gif": plain(red),
  "turned.jpg": halves(red, blue, 32).jpeg({ quality: 100 }).withMetadata({ orientation: 3 }), // upside down
  "left.jpg": halves(red, blue, 32).jpeg({ quality: 100 }).withMetadata({ orientation: 6 }), // to be turned clockwise
  "cmyk.jpg": plain([255, 255, 255]).toColourspace("cmyk").jpeg(),
  "text.png": "this is no picture",
  "empty.png": "",
  "vector.png": '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>',
  "moving.gif": await moving([red, blue]).gif().toBuffer(),
  "moving.webp": await moving([red, blue]).webp({ lossless: true }).toBuffer(),
  "film.png": await plain(red).tiff().toBuffer(),
  "red.tif": plain(red).tiff({ compression: "lzw" }),
  "red.avif": plain(red).avif({ quality: 100, chromaSubsampling: "4:4:4" }),
  "photo.jpg": "\0\0\0\x18ftypheic\0\0\0\0mif1heic",
  "page.jpg": "<!DOCTYPE html><title>404</title>",
  "noise.jpg": await sharp({
    create: {
      width: 64,
      height: 64,
      channels: 3,
      background: "black",
      noise: { type: "gaussian", mean: 128, sigma: 30 },
    },
  })
    .jpeg()
    .toBuffer(),
});
const path = (name: string) => join(folder, name);
const decode = async (name: string, resolution: number) => decodeImage(await readFile(path(name)), resolution);
await truncate(path("noise.jpg"), 1200);

/** Colour at a place of an image [3, R, R]. */
const at = (pixels: Uint8Array, resolution: number, x: number, y: number) =>
  [0, 1, 2].map((channel) => pixels[channel * resolution ** 2 + y * resolution + x]);

test.each<[string, Colour]>([
  ["red.png", red],
  ["red.webp", red],
  ["red.jpg", [254, 0, 0]],
  ["grey.png", [99, 99, 99]],
  ["deep.png", red],
  ["palette.png", red],
  ["clear.png", [255, 255, 255]],
  ["half-clear.webp", [127, 127, 127]],
  ["tiny.png", red],
  ["red.tif", red],
  ["film.png", red], // content decides
  ["red.avif", red],
  ["still.gif", red],
  ["moving.gif", red],
  ["moving.webp", red],
  ["cmyk.jpg", [255, 255, 255]],
])("%s is %j everywhere", async (name, colour) => {
  const pixels = await decode(name, 4);
  expect(pixels.length).toBe(48);
  for (const [x, y] of [
    [0, 0],
    [3, 0],
    [1, 2],
    [3, 3],
  ]) {
    at(pixels, 4, x, y).forEach((value, channel) => {
      expect(Math.abs(value - colour[channel]!)).toBeLessThanOrEqual(1);
    });
  }
});

test("the centre of a wide image is taken", async () => {
  const pixels = await decode("wide.png", 4); // 12×4: the middle 4 columns, left half red
  expect(at(pixels, 4, 0, 1)).toEqual(red);
  expect(at(pixels, 4, 3, 1)).toEqual(blue);
});

test.each([
  ["turned.jpg", [7, 4], [0, 4]],
  ["left.jpg", [4, 0], [4, 7]],
])("%s is shown upright", async (name, [redX, redY], [blueX, blueY]) => {
  const pixels = await decode(name, 8);
  expect(at(pixels, 8, redX, redY)[0]).toBeGreaterThan(240);
  expect(at(pixels, 8, blueX, blueY)[2]).toBeGreaterThan(240);
});

test("stripes narrower than a pixel become grey instead of a pattern, in every format", async () => {
  const size = 96;
  const stripes = Uint8Array.from({ length: size * size * 3 }, (_, i) => (Math.floor(i / 3) % 2 ? 255 : 0));
  for (const format of ["png", "jpeg", "webp", "tiff", "avif"] as const) {
    const file = path(`stripes.${format}`);
    await sharp(stripes, { raw: { width: size, height: size, channels: 3 } })
      [format]({ quality: 100 })
      .toFile(file);
    const pixels = await decodeImage(await readFile(file), 16);
    for (const value of pixels) expect(Math.abs(value - 127)).toBeLessThan(10);
  }
});

test.each([
  ["text.png", "expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got text"],
  ["empty.png", "expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got an empty file"],
  ["vector.png", "expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got SVG"],
  ["photo.jpg", "expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got HEIC: convert it to PNG first"],
  ["page.jpg", "expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got an HTML page"],
  ["noise.jpg", "cannot be decoded: VipsJpeg: premature end of JPEG image"],
])("%s cannot be used: %s", async (name, reason) => {
  await expect(decode(name, 4)).rejects.toThrow(reason);
});

test("files too large or of too many pixels are refused before they are decoded", async () => {
  await expect(decodeImage(new Uint8Array(300e6), 4)).rejects.toThrow("expected at most 244 MiB, got 286 MiB");
  await expect(decodeImage(await pngClaiming(50_000, 50_000), 4)).rejects.toThrow(
    "expected at most 134 megapixels, got 50000×50000",
  );
});

test("images are resized as guided-diffusion's are", async () => {
  const pixels = Uint8Array.from({ length: 3 * 50 * 37 }, (_, i) => (i * 2654435761) >>> 24);
  const raw = { width: 50, height: 37, channels: 3 } as const;
  const file = await sharp(pixels, { raw }).png().toBuffer();
  expect(await decodeImage(file, 8)).toEqual(resizeInterleaved(pixels, raw, 8));
});

test("large images are decoded one after another, also after one that cannot be", async () => {
  const large = await plain(red, 5000, 4000).jpeg().toBuffer();
  const busy: number[] = [];
  const timer = setInterval(() => busy.push(sharp.counters().queue + sharp.counters().process), 2);
  const files = [large, large.subarray(0, 3000), large, large];
  const results = await Promise.allSettled(files.map((file) => decodeImage(file, 4)));
  clearInterval(timer);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
  const several = busy.filter((count) => count > 1).length; // headers, which are read at once in the beginning
  expect(several / busy.length).toBeLessThan(0.25);
});

test("an image file gives what its bytes give", async () => {
  const image = halves([255, 0, 0], [0, 0, 255], 9, 7);
  await writeFiles(folder, { "a.png": image });
  expect(await readImageFile(path("a.png"), 4)).toEqual(await decodeImage(await image.png().toBuffer(), 4));
});

test("what is no image is refused by its name", async () => {
  await writeFiles(folder, { "note.png": "this is no picture", "large.png": "" });
  await truncate(path("large.png"), 300e6);
  const refusal = (name: string) => readImageFile(path(name), 4).catch((error: Error) => error);
  const messages: [string, string][] = [
    ["nowhere.png", ": there is nothing."],
    ["note.png", ": expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got text."],
    ["large.png", ": expected at most 244 MiB, got 286 MiB."],
    ["", ": it is no file."],
  ];
  for (const [name, message] of messages) {
    const error = await refusal(name);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).toContain(`Cannot read an image from ${path(name)}`);
  }
});
