/** @file Files that others publish, in the cache: fetched once, verified, and found again. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, neededCacheFolder } from "../cache-folder.js";
import { UserError } from "../errors.js";
import { sha256OfFile } from "../io/files/file-hash.js";
import { copyVerified, type DownloadOptions, download } from "../io/net/download.js";
import { type DownloadName, downloads } from "./downloads.js";

export interface FetchOptions extends Omit<DownloadOptions, "bytes" | "sha256"> {
  /** A file of this machine, or another address. Default: the official address. */
  from?: string;
  /** Whether nothing is fetched from elsewhere than this machine. Default false. */
  offline?: boolean;
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
export async function fetchDownload(
  name: DownloadName,
  { from, offline = false, ...options }: FetchOptions = {},
): Promise<Fetched> {
  const { url, bytes, sha256 } = downloads[name];
  const path = placeIn(neededCacheFolder(), name);
  const expected = { bytes, sha256 };
  if (fetchedPath(name) !== undefined) {
    if ((await sha256OfFile(path, options.signal)) === sha256) return { path, ...expected, found: true };
    options.onNotice?.(`${path} is damaged: it will be replaced.`);
  }
  const isElsewhere = from === undefined || /^[a-z][a-z+.-]*:\/\//i.test(from);
  if (isElsewhere && offline) {
    throw new UserError("not-found", `Expected ${name} in the cache, as \`offline\` asks, but it is not at ${path}.`, {
      advice: "Fetch it without `offline`, or give the file with `from`.",
    });
  }
  if (isElsewhere) await download(from ?? url, path, { ...options, ...expected });
  else await copyVerified(from, path, { ...options, ...expected });
  return { path, ...expected, found: false };
}

/** Where a published file lies in the cache; undefined when it has not been fetched. It was verified when it was put there. */
export function fetchedPath(name: DownloadName): string | undefined {
  const folder = cacheFolder();
  const path = folder && placeIn(folder, name);
  const stats = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() && stats.size === downloads[name].bytes ? path : undefined;
}

const placeIn = (folder: string, name: DownloadName): string => join(folder, "downloads", downloads[name].file);
