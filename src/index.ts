/**
 * @file `strata-vae`: train a model, open a run, sample, reconstruct. The rest has entry points of its own: `/data`, `/metrics`,
 * `/experiments`, `/weights`, `/report`, and below them `/latents`, `/model`, `/engine`.
 */
import "./webgpu-types.js";

export {
  applySettings,
  type ConfigInput,
  type CustomConfigInput,
  defineConfig,
  isPresetName,
  type ParseOptions,
  type PresetConfigInput,
  type PresetName,
  parseConfig,
  parsePresetName,
  presetNames,
  presets,
  resolvePreset,
} from "./config/index.js";
export type * from "./config/types.js";
export { type CollectOptions, collectImages, type OwnImage, type RawImage } from "./data/collect-images.js";
export {
  type ImageSet,
  type ImageSplits,
  type Images,
  type OpenOptions,
  openData,
  type Pixels,
  readImageFile,
  type Split,
} from "./data/index.js";
export { type OpenRuntimeOptions, openRuntime, Runtime, type RuntimeOptions } from "./engine/index.js";
export { type ErrorCode, type ErrorDetails, errorCodes, UserError } from "./errors.js";
export { headLikelihood } from "./heads/head-likelihood.js";
export type { HeadName } from "./heads/heads.js";
export { type HeadEvent, type HeadResult, type TrainHeadOptions, trainHead } from "./heads/train-head.js";
export { findHeads, type Head, type OpenHeadOptions, openHead } from "./heads/trained-head.js";
export type { BatchedOptions, ExecutionOptions } from "./inference/execution-options.js";
export { toPng, toRgba } from "./inference/picture-files.js";
export { formationGrid, type GridOptions, imageGrid, reconstructionGrid } from "./inference/picture-grid.js";
export { NonFiniteOutputError } from "./inference/pictures.js";
export { Cascade } from "./inference/sampling/cascade.js";
export { type FoundClass, findClass } from "./inference/sampling/class-label.js";
export { type LatentsOptions, latentsOf } from "./inference/sampling/encode-latents.js";
export {
  type DrawFormationOptions,
  drawFormation,
  type ReconstructOptions,
  reconstruct,
} from "./inference/sampling/reconstruct.js";
export {
  type FirstLatents,
  type FirstLatentsOptions,
  type GuidanceReport,
  type ImageSampler,
  type PixelDraws,
  type SampleOptions,
  Sampler,
  type SamplerOptions,
  type Samples,
  type SampleValues,
} from "./inference/sampling/sampler.js";
export type { DataSummary, ParameterTree, TrainedModel } from "./inference/trained-model.js";
export type { EnlargingOptions } from "./latents/cascade.js";
export type { Latents } from "./latents/latents.js";
export type { Guidance, GuidanceRule, Temperature } from "./latents/per-group.js";
export {
  type RefineEvent,
  type RefineOptions,
  type RefineProgress,
  type RefineResult,
  refine,
} from "./refinement/refine.js";
export { openRefinement, type Refinement, type RefinementOptions } from "./refinement/refinement.js";
export { type DivergenceDiagnosis, TrainingStopped } from "./training/divergence.js";
export type { TrainingEvent, TrainingProgress } from "./training/events.js";
export type { LayerNorm } from "./training/layer-norms.js";
export type { Limits } from "./training/limits.js";
export type { TrainResult } from "./training/loop.js";
export type { BestStep } from "./training/run/held-out.js";
export {
  type FlowLine,
  type HeadLine,
  type MetricsLine,
  type PlateauLine,
  type RunLine,
  readMetrics,
  type SkipLine,
  type TrainLine,
  type ValidationLine,
} from "./training/run/metrics-log.js";
export { type OpenRunOptions, openRun } from "./training/run/open-run.js";
export type { StageEvent, StageProgress, StageResult } from "./training/stage-loop.js";
export { type TrainOptions, train } from "./training/train.js";
export type { TrainingRun } from "./training/training-run.js";
export { version } from "./version.js";
