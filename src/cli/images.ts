/** @file What commands that read or write images share. */
import { mkdirSync } from "node:fs";
import { type ImageSet, openData, type Split } from "../data/index.js";
import { UserError } from "../errors.js";
import type { Context } from "./command.js";

/** How many unreadable files are named one by one. */
const NAMED = 10;

/**
 * Reads one split of a source, naming the files that cannot be read.
 *
 * @throws what `openData` throws
 */
export async function readImages(
  source: string,
  { resolution, split }: { resolution: number; split: Split },
  { progress, signal }: Context,
): Promise<ImageSet> {
  const onProgress = (done: number, total: number) => progress.update(`reading ${split} images: ${done} of ${total}`);
  const images = await openData(source, { resolution, split, signal, onProgress });
  for (const { file, reason } of images.skipped.slice(0, NAMED)) progress.note(`left out ${file}: ${reason}`);
  const more = images.skipped.length - NAMED;
  if (more > 0) progress.note(`left out ${more} more files that cannot be read`);
  return images;
}

/** Reads what training needs: images to train on, and held-out ones. */
export async function readTrainingImages(source: string, resolution: number, context: Context) {
  const train = await readImages(source, { resolution, split: "train" }, context);
  const validation = await readImages(source, { resolution, split: "validation" }, context);
  return { train, validation };
}

/** The first `count` images of a set, or all when it has fewer. */
export function firstImages(set: ImageSet, wanted: number): ImageSet {
  const count = Math.min(wanted, set.count);
  const images = set.images.subarray(0, count * 3 * set.resolution ** 2);
  return { ...set, count, images, labels: set.labels.subarray(0, count) };
}

/** Makes a folder and those above it. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new UserError(
      `Expected to write into the folder ${path}, but it cannot be made (${(error as Error).message}).`,
    );
  }
}
