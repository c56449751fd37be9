/** @file The report of a run: draws what its model can do, and writes `report.html`. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type ImageSet, takeSpread } from "../data/index.js";
import type { Runtime } from "../engine/index.js";
import { writeFileAtomic } from "../formats/atomic-file.js";
import { formation } from "../generation/formation.js";
import type { Pictures } from "../generation/pictures.js";
import { reconstruct } from "../generation/reconstruct.js";
import { Sampler } from "../generation/sampler.js";
import type { TrainedModel } from "../generation/trained-model.js";
import { groups } from "../model/index.js";
import { readMetrics } from "../training/metrics-log.js";
import { openRun } from "../training/open-run.js";
import { runPaths } from "../training/run-folder.js";
import type { NextCommand, Picture } from "./page-parts.js";
import { formationGrid, imageGrid, reconstructionGrid } from "./picture-grid.js";
import { writeReport } from "./report.js";

export interface RunReportOptions {
  title: string;
  /** A sentence or two below the title. */
  lead?: string;
  /** Images that the model has not seen. */
  heldOut: ImageSet;
  /** More about the machine than the log says: name → value. */
  environment?: Record<string, string | number>;
  nextCommands?: NextCommand[];
  seed?: number;
  runtime?: Runtime;
  signal?: AbortSignal;
  /** What is being drawn. */
  onProgress?: (doing: string) => void;
}

/** Temperatures that samples are shown at, hottest first. */
const TEMPERATURES = [1, 0.85, 0.7, 0.5];
/** Images in a row, and in the whole of a grid of samples. */
const COLUMNS = 8;
const SAMPLES = 64;
/** Held-out images shown with their reconstructions, and images shown as they form. */
const RECONSTRUCTED = 32;
const FORMED = 6;
/** Most stages of a formation, so that its grid stays readable. */
const STAGES = 11;

/**
 * Draws samples at several temperatures, reconstructions of held-out images and pictures as they form, with the EMA weights
 * of the last checkpoint, and writes them with the curves of the run into `report.html`; the grids also as PNG files.
 *
 * @returns the path of the report
 * @throws UserError when the folder is no run; the signal's reason when aborted
 */
export async function writeRunReport(runFolder: string, options: RunReportOptions): Promise<string> {
  const { title, lead, environment, nextCommands = [], onProgress = () => {} } = options;
  const model = await openRun(runFolder);
  onProgress("drawing samples");
  const samples = await samplePictures(model, options);
  onProgress("reconstructing held-out images");
  const reconstructions = await reconstructionPictures(model, options);
  onProgress("drawing pictures as they form");
  const forming = await formationPictures(model, options);

  const { samples: folder, metrics } = runPaths(runFolder);
  await mkdir(folder, { recursive: true });
  const drawn = { samples, reconstructions, formation: forming };
  for (const [name, pictures] of Object.entries(drawn)) {
    for (const [index, { png }] of pictures.entries()) {
      await writeFileAtomic(join(folder, `${name}-${index + 1}.png`), png);
    }
  }
  const parts = {
    title,
    lead,
    config: model.config,
    metrics: readMetrics(metrics),
    ...drawn,
    environment,
    nextCommands,
  };
  return writeReport(runFolder, parts);
}

async function samplePictures(model: TrainedModel, options: RunReportOptions): Promise<Picture[]> {
  const { runtime, seed = 0, signal } = options;
  const sampler = await Sampler.create(model, { batch: COLUMNS, runtime });
  try {
    const sample = (count: number, temperature: number) => sampler.sample({ count, temperature, seed, signal });
    const grid = async (temperature: number): Promise<Picture> => ({
      title: `Temperature ${temperature}`,
      caption: `${SAMPLES} images, none of them chosen`,
      png: await imageGrid(await sample(SAMPLES, temperature), COLUMNS),
    });
    const rows: Pictures[] = [];
    for (const temperature of TEMPERATURES) rows.push(await sample(COLUMNS, temperature));
    const rowLabels = TEMPERATURES.map((temperature) => `T = ${temperature}`);
    const compared: Picture = {
      title: "The same noise at several temperatures",
      caption: "one image a column",
      png: await imageGrid(joined(rows), COLUMNS, { rowLabels }),
    };
    return [await grid(TEMPERATURES[0]), compared, await grid(TEMPERATURES[2])];
  } finally {
    await sampler.dispose();
  }
}

async function reconstructionPictures(model: TrainedModel, options: RunReportOptions): Promise<Picture[]> {
  const { heldOut, runtime, seed, signal } = options;
  if (heldOut.count === 0) return [];
  const originals = takeSpread(heldOut, RECONSTRUCTED);
  const again = await reconstruct(model, originals, { runtime, seed, signal });
  const caption = "images that the model has not seen, each above its reconstruction from all latent groups";
  return [{ title: "Held-out images", caption, png: await reconstructionGrid(originals, again, COLUMNS) }];
}

async function formationPictures(model: TrainedModel, options: RunReportOptions): Promise<Picture[]> {
  const { heldOut, runtime, seed, signal } = options;
  const all = groups(model.config.model);
  const count = Math.min(STAGES, all.length + 1);
  const stages = Array.from({ length: count }, (_, i) => Math.round((i * all.length) / (count - 1)));
  const columnLabels = stages.map((stage) => (stage === 0 ? "none" : `${stage}: ${all[stage - 1].resolution}²`));
  const form = async (from: Parameters<typeof formation>[1]) =>
    formationGrid(await formation(model, from, { stages, seed, runtime, signal }), { columnLabels });
  const caption = "above each column, how many groups are drawn, and the resolution of the last of them";
  return [
    { title: "New images", caption, png: await form(FORMED) },
    ...(heldOut.count > 0 ? [{ title: "Held-out images", caption, png: await form(takeSpread(heldOut, FORMED)) }] : []),
  ];
}

/** Sets of equal size, one after another. */
function joined(sets: Pictures[]): Pictures {
  const images = new Uint8Array(sets.reduce((length, set) => length + set.images.length, 0));
  let offset = 0;
  for (const set of sets) {
    images.set(set.images, offset);
    offset += set.images.length;
  }
  return { images, count: sets.reduce((count, set) => count + set.count, 0), resolution: sets[0].resolution };
}
