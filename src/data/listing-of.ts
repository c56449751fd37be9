/** @file Stand-in for listings of sources: emoji and folders. */
import { readFile, stat } from "node:fs/promises";
import { UserError } from "../errors.js";
import { expectFileSize } from "./decode.js";
import { emojiFiles, emojiGroups } from "./emoji.js";
import { folderFiles } from "./folder.js";
import { type ImageFile, type Split, splits } from "./image-set.js";
import type { ScannedItem, ScannedListing } from "./scan.js";

/** @throws UserError when the source is missing, empty or unknown */
export async function listingOf(source: string): Promise<ScannedListing & { close(): Promise<void> }> {
  const files: (ImageFile & { split: Split })[] = [];
  let classes: string[] = [];
  for (const split of splits) {
    const found =
      source === "emoji"
        ? { files: emojiFiles(split), classes: emojiGroups }
        : await folderFiles(source.replace(/^folder:/, ""), split);
    files.push(...found.files.map((file) => ({ ...file, split })));
    classes = found.classes;
  }
  if (files.length === 0) throw new UserError(`Expected images in ${source}, but there are none.`);
  async function* read(signal?: AbortSignal): AsyncGenerator<ScannedItem> {
    for (const [index, { path }] of files.entries()) {
      signal?.throwIfAborted();
      try {
        expectFileSize((await stat(path)).size);
        yield { index, encoded: await readFile(path) };
      } catch (error) {
        yield { index, error: (error as Error).message };
      }
    }
  }
  return { classes, images: files, refused: [], read, close: async () => {} };
}
