/** @file `strata data scan`: what a set of images holds, what will be done with it, and how to train on it. */
import { abortable } from "../../data/concurrent.js";
import { type ScanSummary, scan, treatments } from "../../data/scanning/scan.js";
import { sourceOf } from "../../data/sources/index.js";
import { type Reading, readingOf } from "../../data/sources/reading.js";
import { formatCount, formatDuration, formatRate } from "../../number-format.js";
import { type Context, createCommand, withContext } from "../options/command.js";
import { hubOptions } from "../options/hub.js";
import { addReadingOptions } from "../options/images.js";
import { adviseTraining } from "../output/data-advice.js";
import { scanText } from "../output/data-text.js";
import { secondsLeft } from "../output/progress.js";

const scanCommand = addReadingOptions(
  createCommand(
    "scan <source>",
    "report counts, sizes, labels, unreadable and unusual images, and how to train on them",
    "strata data scan folder:photographs",
  ),
).action(withContext(runScan));

export const dataCommand = createCommand(
  "data",
  "inspect images before training on them",
  "strata data scan folder:photographs",
).addCommand(scanCommand);

async function runScan(context: Context, options: Reading, source: string): Promise<void> {
  const { signal, progress, result } = context;
  const reading = readingOf(options);
  progress.update(`listing ${source} …`);
  await using listing = await abortable(
    sourceOf(source, { ...reading, hub: hubOptions(context) }).list(),
    signal,
    (late) => late[Symbol.asyncDispose](),
  );
  const total = listing.images.length;
  const startMs = performance.now();
  const onProgress = (done: number) => {
    const seconds = (performance.now() - startMs) / 1000;
    const left = formatDuration(secondsLeft(done, total, seconds));
    progress.update(
      `scanned ${formatCount(done)} of ${formatCount(total)} images, ${formatRate(done / seconds)}, ${left} left`,
    );
  };
  const summary = await scan(listing, { signal, onProgress });
  const advice = adviseTraining(summary, source, reading);
  const { description } = listing;
  result(
    { source, description, ...summary, kinds: treated(summary), advice: advice ?? null },
    scanText({ name: source, description }, summary, advice),
  );
}

/** The kinds, each with what is done with its images. */
const treated = ({ kinds }: ScanSummary) =>
  Object.fromEntries(
    Object.entries(treatments).map(([kind, { treatment }]) => [
      kind,
      { treatment, ...kinds[kind as keyof typeof kinds] },
    ]),
  );
