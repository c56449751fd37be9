import sharp from "sharp";
import { expect, test } from "vitest";
import { toPng, toRgba } from "./picture-files.js";

/** Two pictures of 2×2: planes of red, green and blue. */
const pictures = {
  images: Uint8Array.from({ length: 24 }, (_, i) => i),
  count: 2,
  resolution: 2,
};

test("a picture as RGBA goes pixel by pixel, opaque", () => {
  const second = { data: [12, 16, 20, 255, 13, 17, 21, 255, 14, 18, 22, 255, 15, 19, 23, 255], width: 2, height: 2 };
  const { data, ...size } = toRgba(pictures, 1);
  expect({ data: [...data], ...size }).toEqual(second);
});

test("a picture as PNG has the same pixels, and no alpha", async () => {
  const { data, info } = await sharp(await toPng(pictures))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([2, 2, 3]);
  expect([...data]).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
});

test.each([-1, 2, 0.5])("there is no picture %d", (index) => {
  expect(() => toRgba(pictures, index)).toThrow(`Expected a picture from 0 to 1, got ${index}.`);
});
