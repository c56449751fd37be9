/** @file What a training run tells, as event files that TensorBoard shows: while it trains, or afterwards from its log. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.js";
import { imageGrid, reconstructionGrid } from "../inference/picture-grid.js";
import { TensorBoardWriter } from "../io/tensorboard.js";
import type { TrainingEvent } from "../training/events.js";
import { readMetrics } from "../training/run/metrics-log.js";
import { locateRun } from "../training/run/open-run.js";
import { readRunConfig, runPaths } from "../training/run/run-folder.js";
import { curvePoints, scalarsOf } from "./curves.js";
import { isPng } from "./page.js";

/** Images in a row, as in the run's `samples`. */
const COLUMNS = 8;

/**
 * Writes the events of a training run into `folder` as they come. Steps are batches seen; nats are written as bits per
 * dimension. A run that resumes begins a new file, which takes the place of what came after its checkpoint.
 *
 * @param resolution - of the images
 * @param onNotice - called with a sentence when a file can no longer be written: training continues without
 * @returns the handler to give to `train`; it throws a `UserError` when the run starts and the folder cannot be written
 */
export function tensorBoardListener(
  folder: string,
  resolution: number,
  onNotice: (message: string) => void,
): (event: TrainingEvent) => Promise<void> {
  let writer: TensorBoardWriter | undefined;
  return async (event) => {
    if (event.type === "start") writer = new TensorBoardWriter(folder, event.step + 1); // what led up to here stays
    try {
      if (writer) await write(writer, event, resolution);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      writer = undefined;
      onNotice(`${error.message} Training continues without event files for TensorBoard.`);
    }
  };
}

async function write(writer: TensorBoardWriter, event: TrainingEvent, resolution: number): Promise<void> {
  if (event.type === "metrics" || event.type === "validation")
    writer.scalars(event.line.step, scalarsOf(event.line, resolution));
  if (event.type !== "pictures") return;
  const { step, samples, originals, reconstructions } = event;
  writer.image(step, "pictures/samples", await imageGrid(samples, COLUMNS));
  writer.image(step, "pictures/reconstructions", await reconstructionGrid(originals, reconstructions, COLUMNS));
}

/** What pictures of a run are called, by how their files begin. */
const PICTURES = { "step-": "pictures/samples", "reconstructions-step-": "pictures/reconstructions" };

/**
 * Writes the events of a run from its log, and the pictures that it has. They take the place of what files in the folder had
 * before.
 *
 * @param run - the folder, `pretrained:NAME`, or `hf:OWNER/NAME` once it was fetched
 * @param folder - of the event files; made if it is not there
 * @returns how many steps have numbers, and how many pictures there are
 * @throws UserError when the folder is no run with a log, or cannot be written
 */
export async function writeTensorBoard(run: string, folder: string): Promise<{ steps: number; pictures: number }> {
  const place = locateRun(run);
  const { resolution } = (await readRunConfig(place)).model;
  const paths = runPaths(place);
  const points = curvePoints(readMetrics(paths.metrics), resolution);
  const writer = new TensorBoardWriter(folder);
  for (const { step, atMs, scalars } of points) writer.scalars(step, scalars, atMs);
  let pictures = 0;
  const names = existsSync(paths.samples) ? (await readdir(paths.samples)).sort() : [];
  for (const name of names) {
    const [, kind, digits] = /^(step-|reconstructions-step-)(\d+)\.png$/.exec(name) ?? [];
    const png = kind === undefined ? undefined : await readFile(join(paths.samples, name)).catch(() => undefined);
    if (!png || !isPng(png)) continue;
    writer.image(Number(digits), PICTURES[kind as keyof typeof PICTURES], png);
    pictures++;
  }
  return { steps: points.length, pictures };
}
