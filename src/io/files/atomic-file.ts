/** @file Files that appear whole or not at all. */

import { createHash } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isUint8Array } from "node:util/types";
import { writeError } from "./write-error.js";
import { isRunning } from "./writer.js";

/** The content of a file: bytes, or pieces of it in order, so that a large file is never in memory a second time, or never whole. */
export type Content = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

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
    await rm(temporary, { force: true }).catch(() => {}); // what made writing fail may make this fail too
    throw writeError(path, error, isUint8Array(content) ? content.length : undefined);
  }
}

/** Removes what `writeFileAtomic` left in a folder when its process was killed. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const writer = /^\..+\.(\d+)-\d+\.writing$/.exec(name)?.[1];
    if (writer !== undefined && !isRunning(Number(writer))) await rm(join(folder, name), { force: true });
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
  await using file = await open(path, "w");
  for await (const piece of isUint8Array(content) ? [content] : content) {
    await file.writeFile(piece); // goes on where the last one ended
    hash.update(piece);
    bytes += piece.length;
  }
  await file.sync();
  return { bytes, sha256: hash.digest("hex") };
}

/**
 * Makes a folder and those above it, and waits until their names are on disk.
 *
 * @throws UserError when it cannot be made
 */
export async function makeFolderSynced(path: string): Promise<void> {
  try {
    await makeFolder(resolve(path));
  } catch (error) {
    throw writeError(path, error);
  }
}

/** One by one, since a recursive `mkdir` of Node's says "no such file" of a file system that is read-only. */
async function makeFolder(path: string, parentMade = false): Promise<void> {
  const parent = dirname(path);
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await stat(path)).isDirectory()) return;
    if (code !== "ENOENT" || parentMade || parent === path) throw error; // as in /proc, which takes no folders
    await makeFolder(parent);
    return makeFolder(path, true);
  }
  await syncFolder(parent);
}

/** Waits until the names in a folder are on disk. Windows keeps them by itself, and opens no folders. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using folder = await open(path, "r");
  await folder.sync();
}
