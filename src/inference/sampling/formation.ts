/** @file How a picture forms group by group: what each latent group adds to it. */
import type { Images } from "../../data/image-set.js";
import { groups } from "../../model/index.js";
import { DEFAULT_BATCH } from "../execution-options.js";
import type { TrainedModel } from "../trained-model.js";
import { type ReconstructOptions, reconstructStages } from "./reconstruct.js";
import { Sampler } from "./sampler.js";

/** How {@link drawFormation} draws: seed, temperature, stages. */
export interface DrawFormationOptions extends Omit<ReconstructOptions, "groups" | "priorTemperature"> {
  /** How many groups are drawn at each stage. Default: 1, 2, … L. */
  stages?: readonly number[];
}

/**
 * The picture after the first K groups, all others at the prior's mean.
 *
 * @param from - images whose posterior gives the first K groups, or how many new images to draw from the prior
 * @returns one set of pictures for each of `stages`
 * @throws UserError when images do not fit the model, or a stage is out of range; the signal's reason when aborted
 */
export async function drawFormation(
  model: TrainedModel,
  from: Images | number,
  options: DrawFormationOptions = {},
): Promise<Images[]> {
  const all = groups(model.config.model);
  const stages = options.stages ?? all.map(({ index }) => index + 1);
  if (typeof from !== "number") return reconstructStages(model, from, stages, { ...options, priorTemperature: 0 });
  const { batch = Math.min(DEFAULT_BATCH, from), runtime, seed, signal, onProgress } = options;
  await using sampler = new Sampler(model, { batch, runtime });
  const results: Images[] = [];
  for (const [index, stage] of stages.entries()) {
    const temperature = all.map((group) => (group.index < stage ? 1 : 0));
    const report = (done: number) => onProgress?.(index * from + done, stages.length * from);
    results.push(await sampler.sample({ count: from, seed, temperature, signal, onProgress: report }));
  }
  return results;
}
