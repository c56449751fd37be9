import { expect, test } from "vitest";
import { inBatches } from "./extractor.js";

/** Five images of 1×1, 10, 20, … 50, in all channels. */
const pictures = { images: Uint8Array.from([10, 20, 30, 40, 50].flatMap((x) => [x, x, x])), count: 5, resolution: 1 };
const widths = { own: 1, pair: 2 };

/** The first channel, and it and its negative. */
const features = async (images: Uint8Array) => {
  const first = Float32Array.from(images.filter((_, place) => place % 3 === 0));
  return { own: first, pair: Float32Array.from([...first].flatMap((x) => [x, -x])) };
};

test("results of all images come in order, whatever the batch", async () => {
  for (const batch of [1, 2, 5, 7]) {
    const seen: number[] = [];
    const results = await inBatches(pictures, { resolution: 1, batch, widths }, (images) => {
      seen.push(images.length);
      return features(images);
    });
    expect([...results.own]).toEqual([10, 20, 30, 40, 50]);
    expect([...results.pair]).toEqual([10, -10, 20, -20, 30, -30, 40, -40, 50, -50]);
    expect(seen).toEqual(Array(Math.ceil(5 / batch)).fill(3 * batch));
  }
});

test("the last batch is filled up with black, not with images of the one before", async () => {
  const seen: number[][] = [];
  await inBatches(pictures, { resolution: 1, batch: 3, widths }, (images) => {
    seen.push([...images]);
    return features(images);
  });
  expect(seen[1]).toEqual([40, 40, 40, 50, 50, 50, 0, 0, 0]);
});

test("it stops between batches, and refuses images of another size", async () => {
  const controller = new AbortController();
  const stop = async (images: Uint8Array) => {
    controller.abort(new Error("enough"));
    return features(images);
  };
  const expected = { resolution: 1, batch: 1, widths, signal: controller.signal };
  await expect(inBatches(pictures, expected, stop)).rejects.toThrow("enough");
  await expect(inBatches(pictures, { resolution: 2, batch: 1, widths }, features)).rejects.toThrow(
    "expected images of 2×2, got 1×1",
  );
});
