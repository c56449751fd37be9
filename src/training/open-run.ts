/** @file Opening a finished or running run folder to use its model. */
import type { TrainedModel } from "../generation/trained-model.js";

export interface OpenRunOptions {
  /** `last`, `best` (smallest bound on held-out images among those kept), or a step. Default `last`. */
  checkpoint?: "last" | "best" | number;
  /** The moving average of the weights, or the weights themselves. Default `ema`. */
  weights?: "ema" | "raw";
  /** Told what the user should know: a damaged checkpoint that was passed over. */
  onNotice?: (message: string) => void;
}

/**
 * Reads a model from a run folder, verifying the hashes of what it reads.
 *
 * @throws UserError when the folder is no run, or has no such checkpoint or no undamaged one
 */
export declare function openRun(folder: string, options?: OpenRunOptions): Promise<TrainedModel>;
