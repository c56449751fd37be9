/** @file The library: train, open a run, sample, reconstruct, measure. */
import "./webgpu-types.js";

export { applySettings, type Config, parseConfig, presets, resolvePreset } from "./config/index.js";
export {
  type DataSet,
  type ImagePart,
  type ImageSet,
  type MemorySet,
  openData,
  openSamples,
  readImageFile,
  type SampleFile,
  type Split,
} from "./data/index.js";
export { type OpenRuntimeOptions, openRuntime, Runtime, type RuntimeOptions } from "./engine/index.js";
export { UserError } from "./errors.js";
export { type Bound, type BoundOptions, heldOutBound } from "./evaluation/held-out-bound.js";
export {
  ACTIVE_FROM_NATS,
  type GroupInformation,
  type Information,
  type InformationOptions,
  information,
} from "./evaluation/information.js";
export {
  type Estimate,
  type ImageLikelihoods,
  type Likelihood,
  type LikelihoodOptions,
  type LikelihoodSummary,
  negativeLogLikelihood,
} from "./evaluation/nll.js";
export {
  type RateDistortion,
  type RateDistortionOptions,
  type RateDistortionPoint,
  rateDistortion,
} from "./evaluation/rate-distortion.js";
export { exportOnnx } from "./exchange/onnx/export-onnx.js";
export { type ForeignWeights, readWeights } from "./exchange/read-weights.js";

export { writeSafetensors, writeTorch } from "./exchange/write-weights.js";
export { type FeatureSet, type MeasureOptions, measureFeatures } from "./experiments/feature-set.js";
export { drawnPictures, type PictureStream, picturesInMemory, picturesOfSet } from "./experiments/picture-streams.js";
export { type CompareOptions, compare, type QualityMetric, type QualityValue } from "./experiments/quality.js";
export { referenceOfSet } from "./experiments/reference.js";
export { referenceOfFile, writeReference } from "./experiments/reference-file.js";
export { type SampleQuality, type SampleQualityOptions, sampleQuality } from "./experiments/sample-quality.js";
export { type OpenClassifierOptions, openClassifier } from "./features/classifier/open-classifier.js";
export type { FeatureExtractor, Features } from "./features/extractor.js";
export { type InceptionOptions, openInception } from "./features/inception/inception.js";
export { type OnnxFileOptions, openOnnxFile } from "./features/onnx-file.js";
export { openPixels } from "./features/pixels.js";
export { Cascade, type EnlargingOptions } from "./generation/cascade.js";
export { type FoundClass, findClass } from "./generation/class-label.js";
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
export * from "./metrics/index.js";
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
