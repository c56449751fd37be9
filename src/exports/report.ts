/** @file `strata-vae/report`: the page of a run, TensorBoard events, the size of a model before it is trained. */
export type { ExecutionOptions } from "../inference/execution-options.js";
export { type RunReportOptions, writeRunReport } from "../report/run-report.js";
export { tensorBoardListener, writeTensorBoard } from "../report/tensorboard.js";
export { type MlflowListener, type MlflowOptions, mlflowListener, sendToMlflow } from "../sharing/mlflow.js";
export { type EstimateOptions, estimateTraining, type TrainingEstimate } from "../training/cost/estimate.js";
export { type ModelSummary, summariseModel } from "../training/cost/model-summary.js";
