/** @file `strata-vae/experiments`: the paper's experiments: everything about one model, the ablation, the guidance sweep. */
export { type AblationRow, type AblationRun, ablationRows, ablationRuns } from "../experiments/ablation.js";
export {
  type MeasuredRun,
  type MeasuredRuns,
  type MeasureRunsOptions,
  measureRuns,
} from "../experiments/ablation-measurement.js";
export {
  type CellMeasurement,
  guidanceSweep,
  type SweepOptions,
  type SweepResult,
} from "../experiments/guidance-sweep.js";
export { type CellOptions, type CellProgress, measureCell } from "../experiments/measure-cell.js";
export {
  type EvaluationSetup,
  type MeasureRunOptions,
  measureRun,
  type RunMeasurement,
  type RunPictures,
} from "../experiments/measure-run.js";
export {
  type ModelFigureOptions,
  type ModelFigures,
  type ModelMetric,
  measureModel,
} from "../experiments/model-figures.js";
export { type PublishedCell, paperTable2 } from "../experiments/paper-table-2.js";
export { cellsOf, type SweepCell, type SweepGrid, sweepGrid } from "../experiments/sweep-grid.js";
export type { BatchedOptions, ExecutionOptions } from "../inference/execution-options.js";
