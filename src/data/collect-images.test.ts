import sharp from "sharp";
import { expect, test } from "vitest";
import { collectImages, type OwnImage } from "./collect-images.js";

/** One colour all over. */
const plain = (colour: number[], side = 8): OwnImage["image"] => ({
  data: Uint8ClampedArray.from({ length: side * side * colour.length }, (_, i) => colour[i % colour.length]),
  width: side,
  height: side,
});

async function* drawn(count: number): AsyncGenerator<OwnImage> {
  for (let i = 0; i < count; i++) yield { image: plain([i, 0, 255]), label: i % 2 === 0 ? "even" : "an odd one" };
}

test("images of an async iterable are collected with their classes, and some are held out", async () => {
  const data = await collectImages(drawn(40), { resolution: 8, name: "drawn" });
  const counts = [data.train.count, data.validation.count, data.test.count];
  expect(counts.reduce((sum, count) => sum + count)).toBe(40);
  expect(Math.min(...counts)).toBeGreaterThan(0);
  expect(data.train).toMatchObject({ name: "drawn", resolution: 8, classes: ["an odd one", "even"] });
  const [red] = (data.train.images as Uint8Array).subarray(0, 1);
  expect(data.train.labels[0]).toBe(red % 2 === 0 ? 1 : 0);
  const again = await collectImages(drawn(40), { resolution: 8, name: "drawn" });
  expect(again).toEqual(data);
});

test("files, RGB, RGBA on white and any size are brought to one", async () => {
  const png = await sharp({ create: { width: 20, height: 12, channels: 3, background: "#102030" } })
    .png()
    .toBuffer();
  const images = [png, plain([16, 32, 48], 4), plain([0, 0, 0, 0]), plain([16, 32, 48, 255], 30)];
  const { train } = await collectImages(
    images.map((image) => ({ image, split: "train" as const })),
    { resolution: 6 },
  );
  const colours = [0, 1, 2, 3].map((i) => [0, 36, 72].map((at) => (train.images as Uint8Array)[i * 108 + at]));
  expect(colours).toEqual([
    [16, 32, 48],
    [16, 32, 48],
    [255, 255, 255],
    [16, 32, 48],
  ]);
});

test("what cannot be decoded is counted, and named by its place", async () => {
  const images = [{ image: new Uint8Array(9) }, { image: plain([1, 2]) }, { image: plain([1, 2, 3]) }];
  const { skipped, train } = await collectImages(images, { resolution: 4 });
  expect(train.count).toBe(1);
  expect(skipped.map(({ file }) => file)).toEqual(["image 0", "image 1"]);
  expect(skipped[1].reason).toBe("expected 8×8 pixels of RGB or RGBA, got 128 bytes");
});

test("no usable image, and labels on some of them, are refused", async () => {
  await expect(collectImages([], { resolution: 4, name: "mine" })).rejects.toThrow(
    "Expected usable images in mine, got none.",
  );
  const some = [{ image: plain([1, 2, 3]), label: "a" }, { image: plain([1, 2, 3]) }];
  await expect(collectImages(some, { resolution: 4 })).rejects.toThrow("but 1 of 2 have one");
});

test("it stops when asked to", async () => {
  const controller = new AbortController();
  const collected = collectImages(drawn(1e9), {
    ...{ resolution: 4, signal: controller.signal },
    onProgress: (images) => images === 3 && controller.abort(new Error("enough")),
  });
  await expect(collected).rejects.toThrow("enough");
});
