/** @file The library: train, open a run, sample, reconstruct, measure. */
export { applySettings, type Config, parseConfig, presets, resolvePreset } from "./config/index.js";
export {
  type DataSet,
  type ImageSet,
  type MemorySet,
  openData,
  readImageFile,
  type Split,
} from "./data/index.js";
export { type OpenRuntimeOptions, openRuntime, Runtime, type RuntimeOptions } from "./engine/index.js";
export { UserError } from "./errors.js";
export { type Bound, type BoundOptions, heldOutBound } from "./evaluation/held-out-bound.js";
export { exportOnnx } from "./exchange/onnx/export-onnx.js";
export { readWeights } from "./exchange/read-weights.js";
export type { ForeignWeights } from "./exchange/training-checkpoint.js";
export { writeSafetensors, writeTorch } from "./exchange/write-weights.js";
export { Cascade, type EnlargingOptions } from "./generation/cascade.js";
export type { LabelledPictures } from "./generation/encoder-inputs.js";
export { type FormationOptions, formation } from "./generation/formation.js";
export type { Guidance, GuidanceRule } from "./generation/guidance.js";
export { interpolate, slerp } from "./generation/interpolate.js";
export {
  concatenateLatents,
  type DrawOptions,
  type Latents,
  type LatentsOptions,
  latentsAt,
  latentsOf,
  latentsOfSamples,
} from "./generation/latents.js";
export { NotAPicture, type Pictures } from "./generation/pictures.js";
export { type ReconstructOptions, reconstruct } from "./generation/reconstruct.js";
export { resample } from "./generation/resample.js";
export {
  type GuidanceReport,
  type ImageSampler,
  type SampleOptions,
  Sampler,
  type SamplerOptions,
  type Samples,
  type SampleValues,
} from "./generation/sampler.js";
export type { Temperature } from "./generation/temperature.js";
export type { DataSummary, ParameterTree, TrainedModel } from "./generation/trained-model.js";
export { type ModelSummary, summariseModel } from "./report/model-summary.js";
export { type GridOptions, imageGrid, reconstructionGrid } from "./report/picture-grid.js";
export { type RunReportOptions, writeRunReport } from "./report/run-report.js";
export type { Progress, TrainingEvent } from "./training/events.js";
export { type Diagnosis, TrainingStopped } from "./training/health.js";
export type { Best } from "./training/held-out.js";
export type { LayerNorm } from "./training/layer-norms.js";
export {
  type MetricsLine,
  type PlateauLine,
  type RunLine,
  readMetrics,
  type SkipLine,
  type TrainLine,
  type ValidationLine,
} from "./training/metrics-log.js";
export { type OpenRunOptions, openRun } from "./training/open-run.js";
export { type SavedWeights, saveModel } from "./training/save-model.js";
export { type TrainOptions, train } from "./training/train.js";
export type { TrainResult } from "./training/training-loop.js";
export { version } from "./version.js";
