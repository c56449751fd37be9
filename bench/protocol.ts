/**
 * @file What the suite and its competitors, each a process of its own, say to each other in lines of JSON.
 *
 * A competitor reads a {@link Task}, makes itself ready and answers {@link Ready}. It answers each further line with one unit of
 * work, {@link Done}, and the end of its input with {@link Ended}.
 */
import type { Config } from "../src/config/index.js";

/** One update, or one batch of samples, of samples with guidance, or of reconstructions. */
export type Work = "train" | "generate" | "guide" | "reconstruct";

export interface Task {
  work: Work;
  /** `training.batchSize` is the batch, whatever the work. */
  config: Config;
  threads: number;
  /** Use the noise of the first unit for all of them, so that results can be compared; otherwise draw it anew. */
  given: boolean;
  /** A safetensors file with what both sides start from; see `withInputs`. Absent for those that can make it themselves. */
  inputs?: string;
}

/** Features of a batch of images by the Inception network. */
export interface FeaturesTask {
  batch: number;
  resolution: number;
  threads: number;
  /** A safetensors file of weights and images; see `withInceptionInputs`. */
  inputs: string;
}

/** Time to make programs or modules and copy the weights. */
export type Ready = { startMs: number };

/**
 * Time of one unit, and numbers that depend on all of its result: loss and gradient norm, or means of bytes and their squares,
 * which are computed only for given noise.
 */
export type Done = { ms: number; seen: number[] };

/** The most memory the process held, and the most it held on a GPU, where it can tell. */
export type Ended = { peakBytes: number; deviceBytes?: number | null };
