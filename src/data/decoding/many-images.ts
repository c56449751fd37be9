/** @file How libvips, the library behind sharp, is set while many images are decoded. */
import type { CacheResult } from "sharp";

type Settings = { threads: number; cache: CacheResult };

/** As the program had them; and how many decode many images now. */
let before: Settings | undefined;
let users = 0;

/**
 * Sets libvips for many images until it is disposed: one thread for each, which is faster for small ones than many threads, and
 * no cache, since no image is decoded twice, and it would keep the bytes of the last hundred.
 *
 * The settings are those of the process, whose own images they change too. A thread that loads sharp resets them, so it calls
 * this as well.
 */
export async function setForManyImages(): Promise<Disposable> {
  const { default: sharp } = await import("sharp");
  if (users++ === 0) before = { threads: sharp.concurrency(), cache: sharp.cache() };
  sharp.concurrency(1);
  sharp.cache(false);
  return {
    [Symbol.dispose]: () => {
      users -= 1;
      if (users > 0 || before === undefined) return;
      const { memory, files, items } = before.cache;
      sharp.concurrency(before.threads);
      sharp.cache({ memory: memory.max, files: files.max, items: items.max });
    },
  };
}
