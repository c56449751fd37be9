/** @file What one step is computed from: images, labels and noise, all named by seed and batch number. */
import type { Config, ModelConfig } from "../../config/index.js";
import { microBatchOf } from "../../config/micro-batch.js";
import type { Batch } from "../../data/batches.js";
import type { DeviceTraits } from "../../engine/index.js";
import { rows } from "../../inference/batches.js";
import { addNoise, areaDownsample } from "../../inference/programs/low-resolution.js";
import { noiseKeys, normalNoise, stream, uniformNoise } from "../../latents/noise.js";
import { groups } from "../../model/groups.js";
import { type Ranks, single } from "../../ranks/ranks.js";
import type { MicroBatch } from "../trainer.js";

/** What `stepInputs` asks of the device that the inputs are for. */
type Device = Pick<DeviceTraits, "drawsNoise">;

/** Which part of every batch one of several ranks sees: as many micro-batches as the others, in the order of the ranks. */
export type Share = Pick<Ranks, "rank" | "size">;

/** The places of a rank's images in a batch. */
export function placesOf({ batchSize }: Config["training"], { rank, size }: Share): { first: number; end: number } {
  return { first: (rank * batchSize) / size, end: ((rank + 1) * batchSize) / size };
}

/**
 * The micro-batches of one step. Noise is keyed by (seed, batch number, image's place in the batch, latent group), labels
 * are dropped by one draw for each image: neither depends on the size of the micro-batches.
 *
 * @param step - batch number, counted from 0
 * @param device - that the inputs are for: one that draws noise gets the keys of the images; by default one that does not
 * @param share - of the rank that they are for; by default there is one
 */
export function stepInputs(config: Config, step: number, batch: Batch): MicroBatch<Float32Array[]>[];
export function stepInputs(config: Config, step: number, batch: Batch, device: Device, share?: Share): MicroBatch[];
export function stepInputs(
  { model, objective, training }: Config,
  step: number,
  batch: Batch,
  { drawsNoise }: Device = { drawsNoise: false },
  share: Share = single,
): MicroBatch[] {
  const { batchSize, seed } = training;
  const { first } = placesOf(training, share);
  const microBatchSize = microBatchOf(training);
  const shapes = groups(model).map(({ shape }) => shape);
  const latents = stream(seed, "trainingLatents", step);
  const drops = stream(seed, "trainingLabelDrop", step);
  return Array.from({ length: batchSize / microBatchSize / share.size }, (_, part) => {
    const places = Array.from({ length: microBatchSize }, (_, row) => first + part * microBatchSize + row);
    const images = rows(batch.images, places, 3 * model.resolution ** 2);
    const labels = model.classes > 0 ? rows(batch.labels, places, 1) : undefined;
    const uniform = labels && uniformNoise(drops, places, 1);
    const droppedLabels = labels?.map((label, i) => (uniform![i] < objective.labelDropout ? model.classes : label));
    const lowResolution = model.superResolution ? smallImages(model, images, places, seed, step) : undefined;
    return {
      batch: { images, ...(labels ? { labels, droppedLabels } : {}), ...(lowResolution ? { lowResolution } : {}) },
      noise: drawsNoise ? { imageKeys: noiseKeys(latents, places) } : normalNoise(latents, places, shapes),
    };
  });
}

/** Real images made small, with the configured noise on them. */
function smallImages(model: ModelConfig, images: Float32Array, places: number[], seed: number, step: number) {
  const low = model.levels[0].resolution;
  const [noise] = normalNoise(stream(seed, "trainingLowResolution", step), places, [[3, low, low]]);
  return addNoise(areaDownsample(images, model.resolution, low), noise, model.superResolution!.noise);
}
