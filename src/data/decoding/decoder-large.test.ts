/** @file What threads are asked, and when: with threads that only say so. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { plain, pngClaiming } from "../../../test/support/images.js";
import { createDecoder, type DecodeRequest } from "./decoder.js";

const threads = vi.hoisted(() => ({ working: [] as number[], mostLarge: 0, mostSmall: 0, ended: false }));

vi.mock("node:os", async (original) => ({ ...(await original<object>()), availableParallelism: () => 4 }));
vi.mock("../../thread.js", () => ({
  Thread: class {
    async ask({ bytes, resolution }: DecodeRequest) {
      if (threads.ended) throw new Error("out of memory");
      const width = Buffer.from(bytes).readUInt32BE(16); // of a PNG
      threads.working.push(width);
      const large = threads.working.filter((each) => each > 1000).length;
      threads.mostLarge = Math.max(threads.mostLarge, large);
      threads.mostSmall = Math.max(threads.mostSmall, threads.working.length - large);
      await sleep(20);
      threads.working.splice(threads.working.indexOf(width), 1);
      return { pixels: new Uint8Array(3 * resolution ** 2) };
    }
  },
}));

test("all threads together work on one large image at a time, beside small ones", async () => {
  const decoder = await createDecoder(1000);
  const [large, small] = [await pngClaiming(5000, 5000), await plain([1, 2, 3]).png().toBuffer()];
  const work = async (bytes: Uint8Array) => {
    for (let i = 0; i < 3; i++) expect(await decoder.decode(bytes, 2)).toEqual({ pixels: new Uint8Array(12) });
  };
  await Promise.all([large, large, small, small].map(work));
  expect(threads).toMatchObject({ working: [], mostLarge: 1, mostSmall: 2 });
});

test("what is too large never reaches a thread", async () => {
  const decoder = await createDecoder(1000);
  expect(await decoder.decode(await pngClaiming(50_000, 50_000), 2)).toEqual({
    error: "expected at most 134 megapixels, got 50000×50000",
  });
});

test("a thread that ends is an error of its own, and not the image's", async () => {
  threads.ended = true;
  const decoding = (await createDecoder(1000)).decode(await plain([1, 2, 3]).png().toBuffer(), 2);
  await expect(decoding).rejects.toThrow("out of memory");
});
