/** @file Ancestral sampling from the prior: latent groups from the lowest resolution up, then the picture. */
import type { Runtime } from "../engine/index.js";
import type { Guidance } from "./guidance.js";
import type { Pictures } from "./pictures.js";
import type { TrainedModel } from "./trained-model.js";

export interface SamplerOptions {
  /** Images made at once. A sample does not depend on it. */
  batch?: number;
  runtime?: Runtime;
}

export interface SampleOptions {
  count: number;
  /** Sample `i` of a seed is the same whatever `count` and `batch` are. */
  seed?: number;
  /** Factor on the standard deviation of the latents: one for all groups, or one per group (0 takes the prior's mean). */
  temperature?: number | number[];
  guidance?: Guidance;
  /** The predicted mean, or a draw from the output distribution. A mixture of logistics is always drawn. */
  output?: "mean" | "sample";
  /** [count], each below the number of classes, or equal to it for "no label". Default: drawn in the training set's proportions. */
  labels?: Int32Array;
  /** [count, 3, r, r] in [-1, 1]: what a super-resolution model enlarges; noise is added here. */
  lowResolution?: Float32Array;
  signal?: AbortSignal;
  onProgress?: (done: number, count: number) => void;
}

export interface Samples extends Pictures {
  /** [count]; length 0 when the model knows no classes. */
  labels: Int32Array;
  /** Values that guidance would have made infinite or absurd, and that were clamped. */
  clamped: number;
}

/** Draws images from a trained model. Its weights become constants of the compiled program, which is the fast path. */
export declare class Sampler {
  static create(model: TrainedModel, options?: SamplerOptions): Promise<Sampler>;
  /**
   * @throws UserError when labels, guidance or a low-resolution input do not fit the model
   * @throws the signal's reason when aborted
   */
  sample(options: SampleOptions): Promise<Samples>;
  dispose(): Promise<void>;
}
