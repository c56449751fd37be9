/** @file How a picture forms group by group: what each latent group adds to it. */
import type { Pictures } from "./pictures.js";
import type { ReconstructOptions } from "./reconstruct.js";
import type { TrainedModel } from "./trained-model.js";

export interface FormationOptions extends Omit<ReconstructOptions, "groups" | "priorTemperature"> {
  /** How many groups are drawn at each stage, ascending. Default: 1, 2, … L. */
  stages?: number[];
}

/**
 * The picture after the first K groups, all others at the prior's mean.
 *
 * @param from - images whose posterior gives the first K groups, or how many new images to draw from the prior
 * @returns one set of pictures for each of `stages`
 */
export declare function formation(
  model: TrainedModel,
  from: (Pictures & { labels?: Int32Array }) | number,
  options?: FormationOptions,
): Promise<Pictures[]>;
