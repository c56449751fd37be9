/** @file Files that appear whole or not at all. */
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../errors.js";

/**
 * Writes a file under a temporary name, syncs it, renames it into place and syncs the folder: after a crash the path holds
 * the old file or the new one, never a part.
 *
 * @throws UserError when the place cannot be written; what was there before is untouched
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.writing`);
  try {
    await writeSynced(temporary, bytes);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw new UserError(`Expected to write ${path}, but that failed: ${(error as Error).message}.`);
  }
}

/** Writes a new file and waits until it is on disk. */
export async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Waits until the names in a folder are on disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
