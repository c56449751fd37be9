/** @file Files that appear whole or not at all. */
import { createHash } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../errors.js";

/** The content of a file: bytes, or pieces of it in order, so that a large file is never in memory a second time. */
export type Content = Uint8Array | Iterable<Uint8Array>;

/** Tells apart writers of one process that write the same path at the same time. */
let writers = 0;

/**
 * Writes a file under a temporary name, syncs it, renames it into place and syncs the folder: after a crash the path holds
 * the old file or the new one, never a part.
 *
 * @throws UserError when the place cannot be written; what was there before is untouched
 */
export async function writeFileAtomic(path: string, content: Content): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${writers++}.writing`);
  try {
    await writeSynced(temporary, content);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw new UserError(`Expected to write ${path}, but that failed: ${(error as Error).message}.`);
  }
}

/**
 * Writes a new file and waits until it is on disk.
 *
 * @returns its size and the SHA-256 of what was meant to be in it, in hexadecimal
 */
export async function writeSynced(path: string, content: Content): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  const file = await open(path, "w");
  try {
    for (const piece of content instanceof Uint8Array ? [content] : content) {
      await file.writeFile(piece); // goes on where the last one ended
      hash.update(piece);
      bytes += piece.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Waits until the names in a folder are on disk. Windows keeps them by itself, and opens no folders. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
