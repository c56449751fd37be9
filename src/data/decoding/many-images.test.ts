import sharp from "sharp";
import { expect, test } from "vitest";
import { createDecoder } from "./decoder.js";

const settings = () => ({ threads: sharp.concurrency(), items: sharp.cache().items.max });

test("a program's own settings of sharp return when the last decoder has ended", async () => {
  sharp.concurrency(3);
  sharp.cache({ items: 17 });
  {
    await using threads = await createDecoder(1000);
    {
      await using _ = await createDecoder(1);
      expect(settings()).toEqual({ threads: 1, items: 0 });
    }
    await threads.decode(new Uint8Array(8), 4); // the threads have loaded sharp
    expect(settings()).toEqual({ threads: 1, items: 0 });
  }
  expect(settings()).toEqual({ threads: 3, items: 17 });
});
