/** @file What a command line that failed says, and its exit code. */
import { firstError, UserError } from "../errors.js";
import { isFollower, launcherOf } from "../ranks/launcher.js";
import { version } from "../version.js";
import { sentenceOf } from "./advice.js";

/** Exit codes beside 0 (done), 130 (interrupted, saved) and 141 (nobody reads the result). */
export const EXIT = { failure: 1, usage: 2 };

/** Errors of the system that are about a file, whoever asked for it. */
const ABOUT_FILES = new Set(["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EFBIG", "ENOTDIR", "ELOOP", "EIO"]);

/** Modules are read side by side: fewer files than this may not do, and this many do with room to spare. */
const OPEN_FILES = { few: 512, enough: 1024 };

/** Prints what went wrong. @returns the exit code */
export function reportFailure(failure: unknown): number {
  const error = firstError(failure);
  const sentence = error instanceof UserError ? sentenceOf(error) : refusal(error);
  if (sentence !== undefined) {
    console.error(`${ofRank()}strata: ${sentence}`);
    return EXIT.usage;
  }
  console.error(`${ofRank()}strata ${version}: internal error. Please report it, with the lines below.`);
  console.error(error);
  return EXIT.failure;
}

/** Which of several processes speaks, unless it is the first. */
const ofRank = (): string => (isFollower() ? `[rank ${launcherOf()!.rank}] ` : "");

/** What the machine refused, and what to do about it; undefined when it is an internal error. */
function refusal(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = "", syscall, path, message } = error as NodeJS.ErrnoException;
  if (syscall === "uv_cwd") {
    return "Expected a working folder, but the one you are in cannot be read; it may have been deleted. Change to another (cd ~).";
  }
  if (code === "EMFILE" || code === "ENFILE") {
    return `Expected to open more files, but the system allows no more (${message}). Raise the limit: ulimit -n ${OPEN_FILES.enough}`;
  }
  if (error instanceof RangeError && /allocat|Invalid (typed )?array (buffer )?length/.test(message)) {
    return `Expected more memory than there is (${message}). Ask for less: a smaller --count or --batch.`;
  }
  if (path !== undefined && ABOUT_FILES.has(code)) return `Expected to use ${path}, but that failed: ${message}.`;
  return undefined;
}

/**
 * Why the program could not even be loaded, where a limit of the system explains it.
 *
 * @throws the error itself, where none does
 */
export function loadingError(error: unknown): UserError {
  const { userLimits } = process.report.getReport() as unknown as {
    userLimits?: Record<string, { soft: number | string }>;
  };
  const { open_files: files, virtual_memory_kbytes: addresses } = userLimits ?? {};
  if (typeof files?.soft === "number" && files.soft < OPEN_FILES.few) {
    return new UserError(
      "environment",
      `Expected to open some hundred files at once, but the limit is ${files.soft}. Raise it: ulimit -n ${OPEN_FILES.enough}`,
    );
  }
  if (typeof addresses?.soft === "number") {
    return new UserError(
      "environment",
      "Expected room for addresses, but ulimit -v limits them, and many are reserved that are never used. Lift that limit, or " +
        "set NODE_OPTIONS=--disable-wasm-trap-handler, which reserves less. To limit memory itself, use a control group: " +
        "systemd-run --user --scope -p MemoryMax=4G strata …",
    );
  }
  throw error;
}
