/** @file `strata fetch`: published files into the cache. */
import { Argument } from "commander";
import { type DownloadName, downloads } from "../data/downloads.js";
import { fetchDownload } from "../data/fetch.js";
import { type Context, createCommand, withContext } from "./command.js";
import { formatBytes, formatDuration, formatShare } from "./format.js";
import { secondsLeft } from "./progress.js";

interface Options {
  from?: string;
}

export const fetchCommand = createCommand(
  "fetch",
  "fetch a data set, or the network that FID needs, into the cache",
  "strata fetch cifar10",
)
  .addArgument(new Argument("<name>", "what to fetch").choices(Object.keys(downloads)))
  .option("--from <file|url>", "a file you have, or another address (default: the official one)")
  .addHelpText(
    "after",
    "\nFiles go to ~/.cache/strata/downloads, or downloads in the folder that STRATA_CACHE_DIR names; size and SHA-256 are checked.\n" +
      "An interrupted fetch goes on where it stopped. Proxies (HTTPS_PROXY) are not used: behind one, give the file with --from.",
  )
  .action(withContext(runFetch));

async function runFetch(context: Context, { from }: Options, name: string): Promise<void> {
  const { progress, signal } = context;
  const total = downloads[name as DownloadName].bytes;
  let start: { bytes: number; ms: number } | undefined;
  const onProgress = (bytes: number) => {
    const nowMs = performance.now();
    start ??= { bytes, ms: nowMs }; // what was there before says nothing about the rate
    const seconds = (nowMs - start.ms) / 1000;
    const rate = seconds > 0 ? (bytes - start.bytes) / seconds : 0;
    const left = secondsLeft(bytes - start.bytes, total - start.bytes, seconds);
    progress.update(
      [
        `${name} ${formatShare(bytes / total)} of ${formatBytes(total)}`,
        `${formatBytes(Math.round(rate))}/s`,
        `${formatDuration(left)} left`,
      ].join("  "),
    );
  };
  const onNotice = (message: string) => progress.note(message);
  try {
    const { found, ...file } = await fetchDownload(name as DownloadName, { from, onProgress, onNotice, signal });
    const what = `${file.path} (${formatBytes(file.bytes)}, SHA-256 ${file.sha256})`;
    context.result(file, found ? `Already there, and right: ${what}.` : `Fetched ${name}: ${what}.`);
  } catch (error) {
    if (signal.aborted) progress.note("What has arrived is kept: the same command goes on from there.");
    throw error;
  }
}
