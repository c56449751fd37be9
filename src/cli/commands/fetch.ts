/** @file `strata fetch`: published files into the cache. */
import { Argument } from "commander";
import { type DownloadName, downloads } from "../../data/downloads.js";
import { fetchDownload } from "../../data/fetch.js";
import { formatBytes } from "../../number-format.js";
import { type Context, createCommand, withContext } from "../options/command.js";
import { transfer } from "../output/transfer.js";

interface Options {
  from?: string;
}

export const fetchCommand = createCommand(
  "fetch",
  "download a data set, or the network that FID needs, into the cache",
  "strata fetch cifar10",
)
  .addArgument(new Argument("<name>", "what to fetch").choices(Object.keys(downloads)))
  .option("--from <file|url>", "a file you have, or another URL (default: the official one)")
  .addHelpText(
    "after",
    "\nFiles go to ~/.cache/strata/downloads, or to downloads in STRATA_CACHE_DIR; size and SHA-256 are checked.\n" +
      "An interrupted fetch resumes where it stopped. It uses the proxy in HTTPS_PROXY (or HTTP_PROXY, ALL_PROXY),\n" +
      "except for the hosts in NO_PROXY.",
  )
  .action(withContext(runFetch));

async function runFetch(context: Context, { from }: Options, word: string): Promise<void> {
  const { progress, signal, offline } = context;
  const name = word as DownloadName; // commander has checked it
  const describe = transfer(name, downloads[name].bytes);
  const onProgress = (bytes: number) => progress.update(describe(bytes));
  const onNotice = (message: string) => progress.note(message);
  try {
    const { found, ...file } = await fetchDownload(name, { from, offline, onProgress, onNotice, signal });
    const what = `${file.path} (${formatBytes(file.bytes)}, SHA-256 ${file.sha256})`;
    context.result(file, found ? `Already there, and right: ${what}.` : `Fetched ${name}: ${what}.`);
  } catch (error) {
    if (signal.aborted) progress.note("The part that arrived is kept: run the same command to resume.");
    throw error;
  }
}
