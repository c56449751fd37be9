import { expect, test } from "vitest";
import { plain } from "../../../test/support/images.js";
import { forEachConcurrently } from "../concurrent.js";
import { decodeImage } from "./decode.js";
import { createDecoder } from "./decoder.js";

async function* greys() {
  for (let grey = 0; grey < 30; grey++) yield { grey, bytes: await plain([grey, 0, 0], 9, 7).png().toBuffer() };
}

test.each([1, 1000])("a decoder for %i images gives what decodeImage gives", async (images) => {
  await using decoder = await createDecoder(images);
  let count = 0;
  await forEachConcurrently(greys(), decoder.parallel, async ({ grey, bytes }) => {
    const pixels = await decodeImage(bytes, 4);
    expect(pixels[0]).toBe(grey);
    expect(await decoder.decode(bytes, 4)).toEqual({ pixels });
    count++;
  });
  expect(count).toBe(30);
  const bad = decoder.decode(Buffer.from("no image"), 4);
  expect(await bad).toEqual({ error: "expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got text" });
});

test("threads leave what they are given as it is", async () => {
  await using decoder = await createDecoder(1000);
  const image = await plain([1, 2, 3]).png().toBuffer();
  const archive = Buffer.from(new Uint8Array([...image, 7, 7, 7]).buffer); // whose memory is not pooled
  await decoder.decode(archive.subarray(0, image.length), 4);
  expect([...archive.subarray(image.length)]).toEqual([7, 7, 7]);
});

test("more images than there are threads wait for one", async () => {
  await using decoder = await createDecoder(1000);
  const images = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8, 9].map((grey) => plain([grey, 0, 0]).png().toBuffer()));
  const decoded = await Promise.all(images.map((bytes) => decoder.decode(bytes, 4)));
  expect(decoded.map((each) => ("pixels" in each ? each.pixels[0] : each.error))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
