/** @file `train`: the loop from images to a run folder (METHOD §3). */
import type { Config } from "../config/index.js";
import type { ImageSet } from "../data/index.js";
import type { Runtime } from "../engine/index.js";
import type { ParameterTree } from "../generation/trained-model.js";
import type { TrainingEvent } from "./events.js";

export interface TrainOptions {
  config: Config;
  data: { train: ImageSet; validation: ImageSet };
  /** The run folder. */
  out: string;
  /** Go on from the newest undamaged checkpoint in `out`; with none there, start. */
  resume?: boolean;
  /** Weights to start a new run from instead of random ones (fine-tuning). */
  initial?: ParameterTree;
  /** Where to stop; steps and images are totals of the run, minutes count from the call. Default: `config.training.steps`. */
  limit?: { steps?: number; images?: number; minutes?: number };
  runtime?: Runtime;
  /** When aborted, the step under way is finished and a checkpoint saved. */
  signal?: AbortSignal;
  /** Awaited: training goes on when it returns. */
  onEvent?: (event: TrainingEvent) => void | Promise<void>;
}

export interface TrainResult {
  /** Batches seen. */
  step: number;
  images: number;
  updates: number;
  skips: number;
  /** Training time of the whole run. */
  seconds: number;
  interrupted: boolean;
  /** Folder of the last checkpoint. */
  checkpoint: string;
}

/**
 * Trains a model and leaves a run folder.
 *
 * @throws UserError when `out` holds a run and `resume` is not set, when its checkpoint belongs to another configuration, or
 *   when the images do not fit the model
 */
export declare function train(options: TrainOptions): Promise<TrainResult>;
