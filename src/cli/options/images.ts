/** @file What commands that read images share. */
import { Option } from "commander";
import type { ModelConfig } from "../../config/index.js";
import { type ImageSplits, type Layout, layouts, openData } from "../../data/index.js";
import { shown } from "../output/data-advice.js";
import { workLine } from "../output/progress.js";
import type { Context } from "./command.js";
import { hubOptions } from "./hub.js";

/** How many unreadable files are named one by one. */
const NAMED = 10;

/** Images as a command line names them. */
export interface ImageOptions {
  data: string;
  layout?: Layout;
}

/** The option that says what folders of images mean; the same wherever `--data` is. */
export const layoutOption = (): Option =>
  new Option("--layout <what>", "what your folders mean (default: inferred from their names)").choices([...layouts]);

/**
 * Opens a source for a model, naming the files that cannot be used. A super-resolution model takes no images that are smaller
 * than what it draws: it would learn their blur.
 *
 * @throws what `openData` throws
 */
export async function openImages(
  { data: source, layout }: ImageOptions,
  { resolution, superResolution }: Pick<ModelConfig, "resolution" | "superResolution">,
  context: Pick<Context, "progress" | "signal" | "offline">,
): Promise<ImageSplits> {
  const { progress, signal } = context;
  const line = workLine({ what: "packing images", unit: "images" });
  const onProgress = (done: number, total: number) => progress.update(line(done, total));
  const onNotice = (message: string) => progress.note(shown(message));
  const undersized = superResolution ? "refuse" : "upscale";
  const hub = hubOptions(context);
  const data = await openData(source, { resolution, layout, undersized, hub, signal, onProgress, onNotice });
  const { skipped } = data;
  for (const { file, reason } of skipped.slice(0, NAMED)) progress.note(shown(`left out ${file}: ${reason}`));
  const more = skipped.length - NAMED;
  if (more > 0) progress.note(`left out ${more} more files: strata data scan ${source} names them`);
  return data;
}
