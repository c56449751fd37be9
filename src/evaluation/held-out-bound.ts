/** @file The bound on images: what a model's code for them costs, in bits per dimension, and how close it comes (METHOD §2). */
import type { Config } from "../config/index.js";
import type { ImageSet } from "../data/index.js";
import type { Runtime, Tree } from "../engine/index.js";

/** Means over the images measured; nats per image. */
export interface Bound {
  /** Images measured. */
  count: number;
  /** (−log p(x|z) + K) / (D ln 2) with the likelihood of the 8-bit image and a single posterior sample. */
  bitsPerDim: number;
  /** Distortion + unweighted KL. */
  boundNats: number;
  distortionNats: number;
  klNats: number;
  /** −10 log10 of the mean squared error of the output's mean, on a scale of [0, 1], averaged over images. */
  psnrDb: number;
  /** [L], lowest resolution first. */
  groupKlNats: number[];
}

export interface BoundOptions {
  /** The first `count` images are measured. Default: all. */
  count?: number;
  seed?: number;
  batch?: number;
  runtime?: Runtime;
  signal?: AbortSignal;
  onProgress?: (done: number, count: number) => void;
}

/** Measures the bound of a model on images. */
export declare function heldOutBound(
  model: { config: Config; parameters: Tree<Float32Array> },
  images: ImageSet,
  options?: BoundOptions,
): Promise<Bound>;
