/** @file What several models draw from the same noise, and what they make of the same images. */
import { type ImageSet, takeSpread } from "../data/index.js";
import type { ExecutionOptions } from "../inference/execution-options.js";
import { imageGrid, reconstructionGrid } from "../inference/picture-grid.js";
import { reconstruct } from "../inference/sampling/reconstruct.js";
import { Sampler } from "../inference/sampling/sampler.js";
import type { TrainedModel } from "../inference/trained-model.js";
import { formationSheet } from "./run-drawings.js";

/** PNG files of one run. */
export interface ComparedPictures {
  samples: Uint8Array;
  formation: Uint8Array;
  /** Held-out images over their reconstructions, where there were some. */
  reconstructions?: Uint8Array;
  /** Measured while the samples were drawn: milliseconds a sample. */
  millisecondsPerSample: number;
}

/** How {@link drawCompared} draws. */
export interface DrawComparedOptions extends ExecutionOptions {
  heldOut?: ImageSet;
  /** The same for all that are compared. Default 0. */
  seed?: number;
}

const COLUMNS = 8;
const SAMPLES = 32;
const FORMED = 4;
const RECONSTRUCTED = 16;

/**
 * Draws the pictures of one model.
 *
 * @throws UserError when held-out images do not fit the model; NonFiniteOutputError when it draws no numbers; the signal's reason when aborted
 */
export async function drawCompared(model: TrainedModel, options: DrawComparedOptions): Promise<ComparedPictures> {
  const { heldOut, seed = 0, runtime, signal } = options;
  await using sampler = new Sampler(model, { batch: COLUMNS, runtime });
  await sampler.sample({ count: COLUMNS, seed, signal }); // compiles
  const begun = performance.now();
  const drawn = await sampler.sample({ count: SAMPLES, seed, signal });
  const millisecondsPerSample = (performance.now() - begun) / SAMPLES;
  const formation = await formationSheet(model, FORMED, { seed, runtime, signal });
  const pictures = { samples: await imageGrid(drawn, COLUMNS), formation: formation.png, millisecondsPerSample };
  if (!heldOut?.count) return pictures;
  const originals = takeSpread(heldOut, RECONSTRUCTED);
  const again = await reconstruct(model, originals, { seed, runtime, signal });
  return { ...pictures, reconstructions: await reconstructionGrid(originals, again, COLUMNS) };
}
