import { expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { openPixels } from "./pixels.js";

/** One image whose pixel at (channel, y, x) is as given. */
const image = (resolution: number, pixel: (channel: number, y: number, x: number) => number) => ({
  images: Uint8Array.from({ length: 3 * resolution ** 2 }, (_, place) => {
    const [channel, rest] = [Math.floor(place / resolution ** 2), place % resolution ** 2];
    return pixel(channel, Math.floor(rest / resolution), rest % resolution);
  }),
  count: 1,
  resolution,
});

test("an image of 8×8 is its own features, from -1 to 1", async () => {
  const picture = image(8, (channel, y, x) => channel * 64 + y * 8 + x);
  const { pooled } = await openPixels().extract(picture);
  expect(pooled).toBeAllClose(Array.from(picture.images, (byte) => byte / 127.5 - 1));
});

test("cells are means of their pixels, channel by channel", async () => {
  const { pooled } = await openPixels().extract(image(16, (channel, y, x) => channel * 20 + (y % 2) * 4 + (x % 2) * 2));
  expect([...pooled.subarray(0, 64)]).toBeAllClose(Array(64).fill(3 / 127.5 - 1));
  expect([...pooled.subarray(128)]).toBeAllClose(Array(64).fill(43 / 127.5 - 1));
});

test("pixels on the border of two cells count by their share", async () => {
  // 12 pixels on 8 cells: a cell is one and a half pixels, the second takes half of pixel 1 and all of pixel 2.
  const { pooled } = await openPixels().extract(image(12, (_, y, x) => (x === 1 ? 90 : 0) + (y === 0 ? 30 : 0)));
  const at = (y: number, x: number) => (pooled[y * 8 + x] + 1) * 127.5;
  expect([at(5, 0), at(5, 1), at(5, 2)]).toBeAllClose([30, 30, 0], { atol: 1e-4 });
  expect(at(0, 5)).toBeCloseTo(20, 4);
});

test("features of images follow one another, and say what they are", async () => {
  const extractor = openPixels();
  const [one, other] = [image(8, () => 255), image(8, () => 0)];
  const both = { images: Uint8Array.from([...one.images, ...other.images]), count: 2, resolution: 8 };
  const { pooled } = await extractor.extract(both);
  expect([...pooled.subarray(0, 192)]).toEqual(Array(192).fill(1));
  expect([...pooled.subarray(192)]).toEqual(Array(192).fill(-1));
  expect([extractor.name, extractor.width, extractor.identity]).toEqual(["pixels", 192, "pixels 8x8"]);
});

test("it stops when told to, and refuses images smaller than its grid", async () => {
  const stopped = AbortSignal.abort(new Error("enough"));
  await expect(
    openPixels().extract(
      image(8, () => 0),
      stopped,
    ),
  ).rejects.toThrow("enough");
  await expect(openPixels().extract(image(4, () => 0))).rejects.toThrow("expected images of at least 8×8, got 4×4");
});
