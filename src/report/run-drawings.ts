/** @file What a model can do, drawn for its report: samples at several temperatures, reconstructions, pictures as they form. */
import type { Images } from "../data/image-set.js";
import { type ImageSet, takeSpread } from "../data/index.js";
import type { ExecutionOptions } from "../inference/execution-options.js";
import { formationGrid, imageGrid, reconstructionGrid } from "../inference/picture-grid.js";
import { drawFormation, reconstruct } from "../inference/sampling/reconstruct.js";
import { Sampler } from "../inference/sampling/sampler.js";
import type { TrainedModel } from "../inference/trained-model.js";
import { groups } from "../model/index.js";
import { formationStages, stageLabels, stagesCaption } from "./group-labels.js";
import type { Picture } from "./page.js";

export interface DrawingOptions extends ExecutionOptions {
  /** Images that the model has not seen. Without any nothing is reconstructed. */
  heldOut?: ImageSet;
  seed?: number;
  /** What is being drawn. */
  onProgress?: (doing: string) => void;
}

/** Pictures by the section of a report they belong to. */
export interface Drawings {
  samples: Picture[];
  reconstructions: Picture[];
  formation: Picture[];
}

/** Temperatures that samples are shown at, hottest first. */
const TEMPERATURES = [1, 0.85, 0.7, 0.5];
/** Images in a row, and in the whole of a grid of samples. */
const COLUMNS = 8;
const SAMPLES = 64;
/** Held-out images shown with their reconstructions, and images shown as they form. */
const RECONSTRUCTED = 32;
const FORMED = 6;
/** Most columns of a formation, so that its grid stays readable: every group of emoji32-small has its own. */
const MOST_STAGES = 12;

/**
 * Draws what a report shows of a model that draws whole images.
 *
 * @throws UserError when held-out images do not fit the model; NonFiniteOutputError when it draws no numbers; the signal's reason when aborted
 */
export async function drawModel(model: TrainedModel, options: DrawingOptions): Promise<Drawings> {
  const { onProgress = () => {} } = options;
  onProgress("drawing samples");
  const samples = await samplePictures(model, options);
  if (options.heldOut?.count) onProgress("reconstructing held-out images");
  const reconstructions = await reconstructionPictures(model, options);
  onProgress("drawing pictures as they form");
  return { samples, reconstructions, formation: await formationPictures(model, options) };
}

async function samplePictures(model: TrainedModel, options: DrawingOptions): Promise<Picture[]> {
  const { runtime, seed = 0, signal } = options;
  await using sampler = new Sampler(model, { batch: COLUMNS, runtime });
  const sample = (count: number, temperature: number) => sampler.sample({ count, temperature, seed, signal });
  const grid = async (temperature: number): Promise<Picture> => ({
    title: `Temperature ${temperature}`,
    caption: `${SAMPLES} images, none of them chosen`,
    png: await imageGrid(await sample(SAMPLES, temperature), COLUMNS),
  });
  const rows: Images[] = [];
  for (const temperature of TEMPERATURES) rows.push(await sample(COLUMNS, temperature));
  const rowLabels = TEMPERATURES.map((temperature) => `T = ${temperature}`);
  const compared: Picture = {
    title: "The same noise at several temperatures",
    caption:
      "One image a column. Temperature scales the noise in the latents: lower gives calmer, more typical pictures, 1 is the model's own distribution.",
    png: await imageGrid(joined(rows), COLUMNS, { rowLabels }),
  };
  return [await grid(TEMPERATURES[0]), compared, await grid(TEMPERATURES[2])];
}

async function reconstructionPictures(model: TrainedModel, options: DrawingOptions): Promise<Picture[]> {
  const { heldOut, runtime, seed, signal } = options;
  if (!heldOut?.count) return [];
  const originals = takeSpread(heldOut, RECONSTRUCTED);
  const again = await reconstruct(model, originals, { runtime, seed, signal });
  const caption = "images that the model has not seen, each above its reconstruction from all latent groups";
  return [{ title: "Held-out images", caption, png: await reconstructionGrid(originals, again, COLUMNS) }];
}

async function formationPictures(model: TrainedModel, options: DrawingOptions): Promise<Picture[]> {
  const { heldOut } = options;
  return [
    { title: "New images", ...(await formationSheet(model, FORMED, options)) },
    ...(heldOut?.count
      ? [{ title: "Held-out images", ...(await formationSheet(model, takeSpread(heldOut, FORMED), options)) }]
      : []),
  ];
}

/** New images as they form, or given ones, a row each. */
export async function formationSheet(
  model: TrainedModel,
  from: Parameters<typeof drawFormation>[1],
  { runtime, seed, signal }: DrawingOptions,
): Promise<Omit<Picture, "title">> {
  const all = groups(model.config.model);
  const stages = formationStages(all.length, MOST_STAGES);
  const formed = await drawFormation(model, from, { stages, seed, runtime, signal });
  const png = await formationGrid(formed, { columnLabels: stageLabels(stages, all) });
  return { caption: stagesCaption(stages), png };
}

/** Sets of equal size, one after another. */
function joined(sets: Images[]): Images {
  const images = new Uint8Array(sets.reduce((length, set) => length + set.images.length, 0));
  let offset = 0;
  for (const set of sets) {
    images.set(set.images, offset);
    offset += set.images.length;
  }
  return { images, count: sets.reduce((count, set) => count + set.count, 0), resolution: sets[0].resolution };
}
