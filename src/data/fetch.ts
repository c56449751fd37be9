/** @file Files that others publish, in the cache: fetched once, verified, and found again. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, cacheProblem } from "../cache-folder.js";
import { UserError } from "../errors.js";
import { sha256OfFile } from "../io/files/file-hash.js";
import { copyVerified, type DownloadOptions, download } from "../io/net/download.js";
import { type DownloadName, downloads } from "./downloads.js";

export interface FetchOptions extends Omit<DownloadOptions, "bytes" | "sha256"> {
  /** A file of this machine, or another address. Default: the official address. */
  from?: string;
}

export interface Fetched {
  path: string;
  bytes: number;
  sha256: string;
  /** It was there before, and right. */
  found: boolean;
}

/**
 * Puts a published file into the cache, unless it is there already.
 *
 * @throws UserError when there is no cache, the file cannot be had, or it is not the one expected
 * @throws the signal's reason when it aborts; what has arrived is kept, and the next call continues from there
 */
export async function fetchDownload(name: DownloadName, { from, ...options }: FetchOptions = {}): Promise<Fetched> {
  const { url, bytes, sha256 } = downloads[name];
  const path = placeOf(name);
  if (path === undefined) {
    throw new UserError(
      "unwritable",
      cacheProblem() ??
        "Expected a folder to keep downloads in, but STRATA_CACHE_DIR is empty, which switches the cache off. " +
          "Let it name a folder, or unset it.",
    );
  }
  const expected = { bytes, sha256 };
  if (fetchedPath(name) !== undefined) {
    if ((await sha256OfFile(path, options.signal)) === sha256) return { path, ...expected, found: true };
    options.onNotice?.(`${path} is damaged: it will be replaced.`);
  }
  if (from === undefined || /^[a-z][a-z+.-]*:\/\//i.test(from))
    await download(from ?? url, path, { ...options, ...expected });
  else await copyVerified(from, path, { ...options, ...expected });
  return { path, ...expected, found: false };
}

/** Where a published file lies in the cache; undefined when it has not been fetched. It was verified when it was put there. */
export function fetchedPath(name: DownloadName): string | undefined {
  const path = placeOf(name);
  const stats = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() && stats.size === downloads[name].bytes ? path : undefined;
}

function placeOf(name: DownloadName): string | undefined {
  const folder = cacheFolder();
  return folder === undefined ? undefined : join(folder, "downloads", downloads[name].file);
}
