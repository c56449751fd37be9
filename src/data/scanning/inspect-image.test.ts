import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { expect, test } from "vitest";
import { photometric, tiffOf } from "../../../test/support/encoded-images.js";
import { halves, moving, plain } from "../../../test/support/images.js";
import { type ImageFacts, inspectImage, inspectPixels } from "./inspect-image.js";

const red = () => halves([200, 0, 0], [100, 0, 0], 20, 10);
const usual = {
  ...{ format: "png", width: 20, height: 10, frames: 1, transparent: false, turned: false, cmyk: false, deep: false },
  grey: false,
};

test.each<[string, () => Promise<Buffer>, object]>([
  ["a plain PNG", () => red().png().toBuffer(), {}],
  ["a JPEG", () => red().jpeg().toBuffer(), { format: "jpeg" }],
  ["a WebP", () => red().webp().toBuffer(), { format: "webp" }],
  ["a GIF, whose palette could have a transparent colour", () => red().gif().toBuffer(), { format: "gif" }],
  ["alpha that hides nothing", () => red().ensureAlpha().png().toBuffer(), {}],
  ["half transparent", () => red().ensureAlpha(0.5).png().toBuffer(), { transparent: true }],
  [
    "half transparent in 16 bits",
    () => red().ensureAlpha(0.5).toColourspace("rgb16").png().toBuffer(),
    { transparent: true, deep: true },
  ],
  ["16 bits", () => red().toColourspace("rgb16").png().toBuffer(), { deep: true }],
  ["a TIFF", () => red().tiff().toBuffer(), { format: "tiff" }],
  ["an AVIF", () => red().avif().toBuffer(), { format: "avif" }],
  [
    "an animated AVIF",
    () => readFile(new URL("../../../test/fixtures/avif/moving.avif", import.meta.url)),
    { format: "avif", frames: 2, width: 192, height: 16 },
  ],
  [
    "a TIFF of 16 bits and three pages",
    async () =>
      tiffOf(
        {
          width: 20,
          height: 10,
          depth: 16,
          channels: 3,
          samples: Array.from({ length: 600 }, (_, i) => (9001 * i) % 65536),
        },
        { photometric: photometric.rgb, pages: 3 },
      ),
    { format: "tiff", deep: true, frames: 3 },
  ],
  ["CMYK", () => red().toColourspace("cmyk").jpeg().toBuffer(), { format: "jpeg", cmyk: true }],
  [
    "turned by EXIF",
    () => red().jpeg().withMetadata({ orientation: 6 }).toBuffer(),
    { format: "jpeg", turned: true, width: 10, height: 20 },
  ],
  ["grey in one channel", () => plain([99, 99, 99], 20, 10).toColourspace("b-w").png().toBuffer(), { grey: true }],
  ["grey in three channels", () => plain([99, 99, 99], 20, 10).jpeg().toBuffer(), { format: "jpeg", grey: true }],
  [
    "an animated GIF",
    () =>
      moving([
        [9, 9, 99],
        [99, 9, 9],
        [9, 99, 9],
      ])
        .gif()
        .toBuffer(),
    { format: "gif", frames: 3, width: 8, height: 8 },
  ],
  [
    "an animated WebP",
    () =>
      moving([
        [9, 9, 99],
        [99, 9, 9],
      ])
        .webp()
        .toBuffer(),
    { format: "webp", frames: 2, width: 8, height: 8 },
  ],
])("facts about %s", async (_name, make, facts) => {
  expect(await inspectImage(await make())).toEqual({ ...usual, ...facts, digest: expect.any(Uint8Array) });
});

test("digests are of pixels: the same for another format, others for another size or one changed pixel", async () => {
  const pixels = Uint8Array.from({ length: 3 * 16 }, (_, i) => (i * 37) % 256);
  const as = (width: number, height: number, data = pixels) => sharp(data, { raw: { width, height, channels: 3 } });
  const hex = ({ digest }: ImageFacts) => Buffer.from(digest).toString("hex");
  const digest = async (image: Promise<Buffer>) => hex(await inspectImage(await image));
  expect(await digest(as(4, 4).png().toBuffer())).toHaveLength(32);
  const first = await digest(as(4, 4).png().toBuffer());
  expect(await digest(as(4, 4).webp({ lossless: true }).toBuffer())).toBe(first);
  expect(await digest(as(4, 4).png({ compressionLevel: 0 }).withMetadata().toBuffer())).toBe(first);
  expect(await digest(as(2, 8).png().toBuffer())).not.toBe(first);
  expect(await digest(as(4, 4, pixels.with(47, 1)).png().toBuffer())).not.toBe(first);
});

test("facts about pixels that are no file", () => {
  const colour = inspectPixels({ pixels: Uint8Array.of(1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 9), width: 2, height: 2 });
  expect(colour).toEqual({ ...usual, format: "pixels", width: 2, height: 2, digest: colour.digest });
  const grey = inspectPixels({ pixels: Uint8Array.of(1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 6), width: 2, height: 2 });
  expect(grey.grey).toBe(true);
  expect(grey.digest).not.toEqual(colour.digest);
});
