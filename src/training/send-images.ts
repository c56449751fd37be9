/** @file Training images that rank 0 sends to ranks which have none: each keeps them in a file of its own while it trains. */
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ImageSet, imageReader } from "../data/index.js";
import { writeError } from "../io/files/write-error.js";
import type { Ranks } from "../ranks/ranks.js";

/** Bytes that are sent at once. */
const AT_ONCE = 2 ** 25;

/** A set without its pixels. */
export type Described = Omit<ImageSet, "images">;

/** Sends pixels, image after image, to ranks that are at {@link receiveImages}. */
export async function sendImages(ranks: Ranks, set: ImageSet): Promise<void> {
  const read = imageReader(set);
  const some = Math.max(1, Math.floor(AT_ONCE / (3 * set.resolution ** 2)));
  for (let first = 0; first < set.count; first += some) {
    const images = Array.from({ length: Math.min(some, set.count - first) }, (_, index) => read(first + index));
    await ranks.broadcast(Buffer.concat(images));
  }
}

/** A set that rank 0 has sent. */
export interface ReceivedImages {
  /** Throws where there was no room for it. */
  set(): ImageSet;
  /** Deletes its file. */
  dispose(): Promise<void>;
}

/**
 * Receives what {@link sendImages} sends, to the end, also where it cannot be kept: the others are not to wait.
 *
 * @param place - of the folder for it
 */
export async function receiveImages(ranks: Ranks, described: Described, place = tmpdir()): Promise<ReceivedImages> {
  let folder: string | undefined;
  let failure: Error | undefined;
  const keeping = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    if (failure) return undefined;
    try {
      return await work();
    } catch (error) {
      failure = writeError(folder ?? place, error);
      return undefined;
    }
  };
  folder = await keeping(() => mkdtemp(join(place, "strata-images-")));
  const path = join(folder ?? place, "images");
  const file = await keeping(() => open(path, "wx"));
  const total = described.count * 3 * described.resolution ** 2;
  for (let received = 0; received < total; ) {
    const part = await ranks.broadcast<Uint8Array>(undefined);
    received += part.length;
    await keeping(() => file!.writeFile(part));
  }
  await file?.close();
  return {
    set: () => {
      if (failure) throw failure;
      return { ...described, images: { path, offset: 0 } };
    },
    dispose: async () => {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
