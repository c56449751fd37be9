/** @file Reconstructions: latents of the first groups from the posterior, the rest from the prior. */
import type { Runtime } from "../engine/index.js";
import type { Pictures } from "./pictures.js";
import type { TrainedModel } from "./trained-model.js";

export interface ReconstructOptions {
  /** Groups taken from the posterior, lowest resolution first. Default: all. */
  groups?: number;
  /** Factor on the standard deviation of the groups taken from the prior; 0 takes the prior's mean. Default 1. */
  priorTemperature?: number;
  /** [count]; needed by a conditional model when `images` carry none. */
  labels?: Int32Array;
  seed?: number;
  batch?: number;
  runtime?: Runtime;
  signal?: AbortSignal;
  onProgress?: (done: number, count: number) => void;
}

/** Encodes images and decodes them again, with a posterior sample for each group (paper Figure 8, and §4.2 with `groups`). */
export declare function reconstruct(
  model: TrainedModel,
  images: Pictures & { labels?: Int32Array },
  options?: ReconstructOptions,
): Promise<Pictures>;
