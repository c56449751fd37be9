/**
 * @file `strata-vae/experiments`: the paper's experiments: evaluations, everything about one model, the ablation, the guidance
 * sweep; calibration, the settings whose samples are nearest to held-out images; tuning, the configuration that comes furthest; and probes of what latents know.
 */
export { type AblationRow, type AblationRun, ablationRows, ablationRuns } from "../experiments/ablation.js";
export {
  type MeasuredRun,
  type MeasuredRuns,
  type MeasureRunsOptions,
  measureRuns,
} from "../experiments/ablation-measurement.js";
export {
  type CalibrateOptions,
  type CalibrationProgress,
  calibrate,
  defaultSearchLists,
  type HeldOutImages,
  heldOutImages,
} from "../experiments/calibration/calibrate.js";
export type { SearchLists } from "../experiments/calibration/search-space.js";
export {
  type BothFigures,
  type CalibratedSampling,
  type Calibration,
  type CalibrationCheck,
  calibrationOf,
  readCalibration,
  samplerOptionsOf,
} from "../experiments/calibration/settings.js";
export {
  type BesideHeldOut,
  type EvaluateSamplesOptions,
  evaluateSamples,
  heldOutSplit,
  type SamplesEvaluation,
} from "../experiments/evaluation.js";
export {
  type CellMeasurement,
  type CellOptions,
  type CellProgress,
  guidanceSweep,
  measureCell,
  type SweepOptions,
  type SweepResult,
} from "../experiments/guidance-sweep.js";
export {
  type EvaluationSetup,
  type MeasureRunOptions,
  measureRun,
  type RunMeasurement,
  type RunPictures,
} from "../experiments/measure-run.js";
export {
  type HeadLikelihoodSummary,
  type ModelFigureOptions,
  type ModelFigures,
  type ModelMetric,
  measureModel,
} from "../experiments/model-figures.js";
export {
  type ArithmeticOptions,
  classDirection,
  type Direction,
  type DirectionOptions,
  moveAlong,
  swapGroups,
} from "../experiments/probing/latent-arithmetic.js";
export { type ProbeImages, probeImages } from "../experiments/probing/probe-images.js";
export {
  type ProbedFeatures,
  type ProbedGroups,
  type ProbedModel,
  type ProbedPixels,
  type ProbeOptions,
  probeModel,
  probePixels,
} from "../experiments/probing/probe-model.js";
export {
  cellsOf,
  type PublishedCell,
  paperTable2,
  type SweepCell,
  type SweepGrid,
  sweepGrid,
} from "../experiments/sweep-grid.js";
export { type Candidate, candidatesOf } from "../experiments/tuning/candidates.js";
export { boundJudge, type Judge, sampleJudge } from "../experiments/tuning/judge.js";
export {
  type TuneOptions,
  type TuningFigure,
  type TuningResult,
  type TuningRun,
  tune,
} from "../experiments/tuning/tune.js";
export type { BatchedOptions, ExecutionOptions } from "../inference/execution-options.js";
