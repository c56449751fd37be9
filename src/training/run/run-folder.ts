/** @file Where everything of a run lies, and the two small files that describe it. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { type Config, parseCompleteConfig } from "../../config/index.js";
import { type ImageSet, mirroringOf } from "../../data/image-set.js";
import { readFailure, UserError } from "../../errors.js";
import type { DataSummary } from "../../inference/trained-model.js";
import { makeFolderSynced, removeUnfinished, writeFileAtomic } from "../../io/files/atomic-file.js";
import { parseJson } from "../../io/files/json.js";
import { clearCheckpointLeftovers } from "./checkpoint.js";

/** Paths inside a run folder. */
export const runPaths = (folder: string) => ({
  config: join(folder, "config.json"),
  data: join(folder, "data.json"),
  metrics: join(folder, "metrics.jsonl"),
  checkpoints: join(folder, "checkpoints"),
  calibration: join(folder, "calibration"),
  samples: join(folder, "samples"),
  report: join(folder, "report.html"),
});

/** Where the pictures of a step lie once they are drawn: samples/step-000500.png, and reconstructions beside it. */
export function picturePaths(folder: string, step: number): { samples: string; reconstructions: string } {
  const place = runPaths(folder).samples;
  const name = `step-${String(step).padStart(6, "0")}.png`;
  return { samples: join(place, name), reconstructions: join(place, `reconstructions-${name}`) };
}

const count = z.int().nonnegative();
const dataSchema = z.object({
  name: z.string(),
  count,
  classes: z.array(z.string()),
  classCounts: z.array(count),
  mirrorable: z.literal(false).optional(),
});

/** What a run remembers of its training images. */
export function summarise({ name, count, classes, labels, ...set }: ImageSet): DataSummary {
  const classCounts = classes.map(() => 0);
  for (const label of labels) classCounts[label]++;
  return { name, count, classes, classCounts, ...mirroringOf(set) };
}

/**
 * Creates a run folder, or refreshes the description of one that is resumed.
 *
 * @throws UserError when it cannot be written
 */
export async function describeRun(folder: string, config: Config, data: DataSummary): Promise<void> {
  const paths = runPaths(folder);
  await makeFolderSynced(paths.samples);
  await writeFileAtomic(paths.config, Buffer.from(`${JSON.stringify(config, null, 2)}\n`));
  await writeFileAtomic(paths.data, Buffer.from(`${JSON.stringify(data, null, 2)}\n`));
}

/** Clears away what a killed trainer left half done. For the holder of the run's lock. */
export async function clearLeftovers(folder: string): Promise<void> {
  const { checkpoints, samples } = runPaths(folder);
  for (const place of [folder, samples]) if (existsSync(place)) await removeUnfinished(place);
  await clearCheckpointLeftovers(checkpoints);
}

/**
 * The resolved configuration of a run.
 *
 * @throws UserError when the folder is no run folder
 */
export async function readRunConfig(folder: string): Promise<Config> {
  const { config } = runPaths(folder);
  return parseCompleteConfig(await readJson(folder, config), { source: config });
}

/**
 * The configuration with what it leaves to the program as the run in `folder` has it, if there is one: results are the same
 * bytes only with the same micro-batches.
 */
export async function withSettingsOfRun(config: Config, folder: string): Promise<Config> {
  if (!existsSync(runPaths(folder).config)) return config;
  const { training: before } = await readRunConfig(folder);
  const { training } = config;
  const decided = <T>(wanted: T, found: T) => (wanted === "auto" ? found : wanted);
  const rematerialise = decided(training.rematerialise, before.rematerialise);
  const fits = before.microBatchSize === "auto" || training.batchSize % before.microBatchSize === 0;
  const microBatchSize = fits ? decided(training.microBatchSize, before.microBatchSize) : training.microBatchSize;
  return { ...config, training: { ...training, microBatchSize, rematerialise } };
}

/** The training images of a run; without its file, what can be known without it. */
export async function readDataSummary(folder: string): Promise<DataSummary> {
  const { data } = runPaths(folder);
  if (!existsSync(data)) return { name: "unknown", count: 0, classes: [], classCounts: [] };
  const parsed = dataSchema.safeParse(await readJson(folder, data));
  if (parsed.success) return parsed.data;
  throw new UserError(
    "damaged",
    `Expected a description of training images in ${data}:\n${z.prettifyError(parsed.error)}`,
  );
}

/** Why a folder is no run, in the words that help most. */
function whyNoRun(folder: string, path: string, { code, message }: NodeJS.ErrnoException): string {
  if (!existsSync(folder)) return "there is none";
  if (code === "ENOTDIR") return "that is a file";
  return code === "ENOENT" ? `it has no ${basename(path)}` : `${path} cannot be read (${message})`;
}

async function readJson(folder: string, path: string): Promise<unknown> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UserError(
      readFailure(error),
      `Expected a run folder at ${folder}, but ${whyNoRun(folder, path, error as NodeJS.ErrnoException)}. ` +
        "Give the folder of a run: the one that it was trained into, as `out`.",
    );
  }
  return parseJson(bytes, (problem) => {
    throw new UserError("damaged", `Expected JSON in ${path}, but ${problem}.`);
  });
}
