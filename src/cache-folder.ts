/** @file Where things are kept from one start to the next: programs, downloads, packed data. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { attempt } from "./attempt.js";
import { UserError } from "./errors.js";

/**
 * The folder that `STRATA_CACHE_DIR` names, or `strata` in the system's place for caches. It need not exist, and may be one
 * that can only be read: what is kept there is found, and what cannot be kept is made again.
 *
 * @returns undefined where there is none: the variable is empty, which switches the cache off, or there is no home folder
 */
export function cacheFolder(): string | undefined {
  const { STRATA_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  if (STRATA_CACHE_DIR !== undefined) return STRATA_CACHE_DIR || undefined;
  // a relative path is invalid, says the XDG base directory specification, and would be a folder in the working folder
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, "strata");
  const home = homeFolder();
  return home && join(home, ".cache", "strata");
}

/**
 * The cache, for what is of use only when it is kept.
 *
 * @throws UserError when there is none, or it has been switched off
 */
export function neededCacheFolder(): string {
  const folder = cacheFolder();
  if (folder !== undefined) return folder;
  throw new UserError(
    "unwritable",
    cacheProblem() ??
      "Expected a folder to keep downloads in, but STRATA_CACHE_DIR is empty, which switches the cache off. " +
        "Let it name a folder, or unset it.",
  );
}

/** The user's home folder: of `HOME`, or of the system's list of users. Undefined where neither names one that exists. */
export function homeFolder(): string | undefined {
  const named = attempt(homedir); // throws for a user of no name, as containers have
  const home = named && isAbsolute(named) ? named : attempt(() => userInfo().homedir);
  return home && isAbsolute(home) && existsSync(home) ? home : undefined;
}

/**
 * Why nothing can be kept in the cache, and what to do, as a sentence; undefined where something can, and where the cache has
 * been switched off.
 */
export function cacheProblem(): string | undefined {
  const folder = cacheFolder();
  const advice = "let STRATA_CACHE_DIR name a folder that can be written.";
  if (folder === undefined) {
    return process.env.STRATA_CACHE_DIR === "" ? undefined : `There is no home folder to keep a cache in: ${advice}`;
  }
  let place = folder;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place); // where it would be made
  try {
    if (!statSync(place).isDirectory()) throw new Error(`${place} is a file`);
    accessSync(place, constants.W_OK);
    return undefined;
  } catch (error) {
    return `The cache ${folder} cannot be written (${(error as Error).message}): ${advice}`;
  }
}
