/** @file What commands that read images share. */
import { type Command, Option } from "commander";
import type { ModelConfig } from "../../config/index.js";
import { type ImageSplits, layouts, openData, type Reading, readingOf, sourceNames } from "../../data/index.js";
import { shown } from "../output/data-advice.js";
import { workLine } from "../output/progress.js";
import type { Context } from "./command.js";
import { hubOptions } from "./hub.js";

/** How many unreadable files are named one by one. */
const NAMED = 10;

/** Images as a command line names them. */
export interface ImageOptions extends Reading {
  data: string;
  stream?: boolean;
}

/** Adds `--data` and the options that say how a source is read: the same wherever images are. */
export const addDataOptions = (
  command: Command,
  { description = `images: ${sourceNames}`, required = false } = {},
): Command =>
  addReadingOptions(command.addOption(new Option("--data <source>", description).makeOptionMandatory(required)));

/** Adds the options that say how a source is read. */
export const addReadingOptions = (command: Command): Command =>
  command
    .addOption(
      new Option("--layout <what>", "what your folders mean (default: inferred from their names)").choices([
        ...layouts,
      ]),
    )
    .option("--labels <file>", "CSV or JSON Lines file that lists your image files and their labels")
    .option("--image-column <name>", "column with the images, or with their file names in --labels (default: found)")
    .option("--label-column <name>", "column with the labels, or none (default: found)")
    .option("--label-key <key>", "key of a WebDataset's .json files with the labels (default: found)");

/**
 * Opens a source for a model, naming the files that cannot be used. A super-resolution model takes no images that are smaller
 * than what it draws: it would learn their blur.
 *
 * @throws what `openData` throws
 */
export async function openImages(
  { data: source, stream, ...reading }: ImageOptions,
  { resolution, superResolution }: Pick<ModelConfig, "resolution" | "superResolution">,
  context: Pick<Context, "progress" | "signal" | "offline">,
): Promise<ImageSplits> {
  const { progress, signal } = context;
  const line = workLine({ what: "packing images", unit: "images" });
  const onProgress = (done: number, total: number) => progress.update(line(done, total));
  const onNotice = (message: string) => progress.note(shown(message));
  const undersized = superResolution ? "refuse" : "upscale";
  const hub = hubOptions(context);
  const data = await openData(source, {
    ...readingOf(reading),
    ...{ resolution, undersized, stream, hub, signal, onProgress, onNotice },
  });
  const { skipped } = data;
  for (const { file, reason } of skipped.slice(0, NAMED)) progress.note(shown(`left out ${file}: ${reason}`));
  const more = skipped.length - NAMED;
  if (more > 0) progress.note(`left out ${more} more files: strata data scan ${source} names them`);
  return data;
}
