/** @file What commands that read or write images share. */
import { mkdirSync } from "node:fs";
import type { ImageSet } from "../data/index.js";
import { UserError } from "../errors.js";
import type { Progress } from "./progress.js";

/** How many unreadable files are named one by one. */
const NAMED = 10;

/** Names the files that could not be read. */
export function noteSkipped({ skipped }: ImageSet, progress: Progress): void {
  for (const { file, reason } of skipped.slice(0, NAMED)) progress.note(`left out ${file}: ${reason}`);
  if (skipped.length > NAMED) progress.note(`left out ${skipped.length - NAMED} more files that cannot be read`);
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
