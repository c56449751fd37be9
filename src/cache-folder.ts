/** @file Where things are kept from one start to the next: programs, downloads, packed data. */
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * The folder that `STRATA_CACHE_DIR` names, or `strata` in the system's place for caches. It need not exist.
 *
 * @returns undefined when the variable is set and empty, which switches the cache off
 */
export function cacheFolder(): string | undefined {
  const { STRATA_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  const folder = STRATA_CACHE_DIR ?? join(XDG_CACHE_HOME || join(homedir(), ".cache"), "strata");
  return folder === "" ? undefined : folder;
}
