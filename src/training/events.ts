/** @file The events of a training run. */
import type { Config } from "../config/index.js";
import type { Images } from "../data/image-set.js";
import type { RunLine, SkipLine, TrainLine, ValidationLine } from "./run/metrics-log.js";

/**
 * - `start`: everything is compiled, the first step comes next; what the configuration left open is decided
 * - `progress`: after every step; rates over the last seconds, means over the steps since the last line of metrics
 * - `metrics`, `validation`, `skip`: a line has been written to `metrics.jsonl`
 * - `pictures`: EMA samples of one fixed noise, and reconstructions of fixed held-out images
 * - `checkpoint`: one has been saved
 * - `waiting`: the signal was aborted, but the engine has not come back for a while from the micro-batch under way; whoever
 *   cannot wait may end the process, and keeps the checkpoint `saved`
 * - `notice`: something the user should know, as a sentence
 */
export type TrainingEvent =
  | { type: "start"; config: Config; run: RunLine; step: number; totalSteps: number | null }
  | ({ type: "progress" } & TrainingProgress)
  | { type: "metrics"; line: TrainLine }
  | { type: "validation"; line: ValidationLine }
  | { type: "skip"; line: SkipLine }
  | { type: "pictures"; step: number; samples: Images; originals: Images; reconstructions: Images }
  | { type: "checkpoint"; step: number; folder: string }
  | { type: "waiting"; saved?: { step: number; folder: string } }
  | { type: "notice"; message: string };

/** Hears of events. Awaited: training continues when it returns. */
export type TrainingEventListener = (event: TrainingEvent) => void | Promise<void>;

/** How far a run is, and how fast. */
export interface TrainingProgress {
  /** Batches seen. */
  step: number;
  images: number;
  /** Training time of the whole run so far. */
  seconds: number;
  imagesPerSecond: number;
  lossNats: number;
  distortionNats: number;
  klNats: number;
  /** Updates skipped since the start of the run. */
  skips: number;
  /** Share of the work asked for that is done, in [0, 1]. */
  share: number;
  /** Time until the nearest limit at the present rate. */
  secondsLeft: number;
}
