/** @file Why a file could not be written, said so that the user can mend it. */

import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { isNativeError } from "node:util/types";
import { firstError, UserError } from "../../errors.js";
import { formatBytes } from "../../number-format.js";

/** What each failure of the system means, and what to do about it. */
const REASONS: Record<string, string> = {
  ENOSPC: "the disk is full",
  EDQUOT: "your quota of the disk is used up",
  EFBIG: "the file would be larger than the system allows (ulimit -f, or the file system's limit)",
  ENOENT: "nothing can be made there",
  EROFS: "the file system is read-only",
  EACCES: "it is not yours to write",
  EPERM: "the system does not permit it",
  ENOTDIR: "a part of its path is a file, not a folder",
  EISDIR: "a folder of that name is there",
  EEXIST: "a file of that name is there",
  EIO: "the disk reports an error; it may be failing",
};
const REMEDIES: Record<string, string> = {
  ENOSPC: "Make room, then resume.",
  EDQUOT: "Make room or have the quota raised, then resume.",
  EFBIG: "Raise the limit, then resume.",
};
const LACK_ROOM = new Set(["ENOSPC", "EDQUOT"]);

/**
 * The error to show when writing failed: what could not be written and why, how much room it needs and how much there is,
 * what to do. Errors that are the user's to mend already stay as they are.
 *
 * @param path - what was to be written
 * @param bytes - room that it needs as a whole, where known
 */
export function writeError(path: string, failure: unknown, bytes?: number): UserError {
  const error = firstError(failure);
  if (error instanceof UserError) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  const reason = REASONS[code];
  const room = LACK_ROOM.has(code) ? freeBytes(path) : undefined;
  const needs = bytes === undefined || room === undefined ? "" : `: it needs ${formatBytes(bytes)}`;
  const has = room === undefined ? "" : `${needs ? ", and" : ":"} ${formatBytes(room)} are free`;
  const what = reason ? `${reason}${needs}${has} (${message})` : `that failed: ${message}`;
  const remedy = REMEDIES[code] ?? (reason ? "Choose a place that can be written." : "");
  return new UserError(
    LACK_ROOM.has(code) ? "disk-full" : "unwritable",
    `Expected to write ${path}, but ${what}. ${remedy}`.trim(),
  );
}

/** Whether an error is the system's answer to a request, not a bug. */
export const isSystemError = (error: unknown): boolean =>
  isNativeError(error) && typeof (error as NodeJS.ErrnoException).syscall === "string";

/** Bytes that may still be written where `path` lies or will lie; undefined where the system does not say. */
export function freeBytes(path: string): number | undefined {
  for (let place = path; ; place = dirname(place)) {
    try {
      const { bavail, bsize } = statfsSync(place);
      return bavail * bsize;
    } catch {
      if (dirname(place) === place) return undefined;
    }
  }
}
