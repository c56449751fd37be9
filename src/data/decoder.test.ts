import { expect, test } from "vitest";
import { plain } from "../../test/support/images.js";
import { forEachConcurrently } from "./concurrent.js";
import { decodeImage } from "./decode.js";
import { createDecoder } from "./decoder.js";

async function* greys() {
  for (let grey = 0; grey < 30; grey++) yield { grey, bytes: await plain([grey, 0, 0], 9, 7).png().toBuffer() };
}

test.each([1, 1000])("a decoder for %i images gives what decodeImage gives", async (images) => {
  const decoder = createDecoder(images);
  try {
    let count = 0;
    await forEachConcurrently(greys(), decoder.parallel, async ({ grey, bytes }) => {
      const pixels = await decoder.decode(bytes, 4);
      expect(pixels).toEqual(await decodeImage(bytes, 4));
      expect(pixels[0]).toBe(grey);
      count++;
    });
    expect(count).toBe(30);
    const bad = decoder.decode(Buffer.from("no image"), 4);
    await expect(bad).rejects.toThrow("expected JPEG, PNG, WebP or GIF, got text");
  } finally {
    await decoder.close();
  }
});

test("threads take no more images than there are of them", async () => {
  const decoder = createDecoder(1000);
  const bytes = await plain([1, 2, 3]).png().toBuffer();
  const decoded = Array.from({ length: decoder.parallel + 1 }, () => decoder.decode(bytes, 4));
  await expect(decoded.at(-1)).rejects.toThrow(`Expected at most ${decoder.parallel} images at a time`);
  await Promise.all(decoded.slice(0, -1));
  await decoder.close();
});
