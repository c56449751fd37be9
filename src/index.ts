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
export { type HeldOutBound, type HeldOutBoundOptions, heldOutBound } from "./inference/measures/held-out-bound.js";
export {
  ACTIVE_FROM_NATS,
  type GroupInformation,
  type MeasureInformationOptions,
  type ModelInformation,
  measureInformation,
} from "./inference/measures/information.js";
export {
  type ImageLikelihoods,
  type Likelihood,
  type LikelihoodOptions,
  type LikelihoodSummary,
  type MeanWithError,
  negativeLogLikelihood,
} from "./inference/measures/nll.js";
export {
  type RateDistortion,
  type RateDistortionOptions,
  type RateDistortionPoint,
  rateDistortion,
} from "./inference/measures/rate-distortion.js";
export { type GridOptions, imageGrid, reconstructionGrid } from "./inference/picture-grid.js";
export { NonFiniteOutputError, type Pictures } from "./inference/pictures.js";
export type { LabelledPictures } from "./inference/programs/encoder-inputs.js";
export { Cascade, type EnlargingOptions } from "./inference/sampling/cascade.js";
export { type FoundClass, findClass } from "./inference/sampling/class-label.js";
export { type LatentsOptions, latentsOf } from "./inference/sampling/encode-latents.js";
export { type DrawFormationOptions, drawFormation } from "./inference/sampling/formation.js";
export { type ReconstructOptions, reconstruct } from "./inference/sampling/reconstruct.js";
export {
  type GuidanceReport,
  type ImageSampler,
  type SampleOptions,
  Sampler,
  type SamplerOptions,
  type Samples,
  type SampleValues,
} from "./inference/sampling/sampler.js";
export type { DataSummary, ParameterTree, TrainedModel } from "./inference/trained-model.js";
export { interpolateLatents, slerp } from "./latents/interpolate.js";
export { concatenateLatents, type DrawOptions, type Latents, latentsAt, latentsOfSamples } from "./latents/latents.js";
export type { Guidance, GuidanceRule, Temperature } from "./latents/per-group.js";
export { varyLatents } from "./latents/vary.js";
export { type OpenClassifierOptions, openClassifier } from "./quality/classifier/open-classifier.js";
export { type FeatureSet, type MeasureOptions, measureFeatures } from "./quality/feature-set.js";
export type { FeatureExtractor, Features } from "./quality/features/extractor.js";
export { type OnnxFileOptions, openOnnxFile } from "./quality/features/onnx-file.js";
export { openPixels } from "./quality/features/pixels.js";
export { type InceptionOptions, openInception } from "./quality/inception/inception.js";
export * from "./quality/metrics/index.js";
export { drawnPictures, type PictureStream, picturesInMemory, picturesOfSet } from "./quality/picture-streams.js";
export {
  type CompareToReferenceOptions,
  compareToReference,
  type QualityMetric,
  type QualityValue,
} from "./quality/quality.js";
export { referenceOfSet } from "./quality/reference.js";
export { referenceOfFile, writeReference } from "./quality/reference-file.js";
export { type SampleQuality, type SampleQualityOptions, sampleQuality } from "./quality/sample-quality.js";
export { type RunReportOptions, writeRunReport } from "./report/run-report.js";
export { type ModelSummary, summariseModel } from "./training/cost/model-summary.js";
export { type DivergenceDiagnosis, TrainingStopped } from "./training/divergence.js";
export type { TrainingEvent, TrainingProgress } from "./training/events.js";
export type { LayerNorm } from "./training/layer-norms.js";
export type { TrainResult } from "./training/loop.js";
export type { BestStep } from "./training/run/held-out.js";
export {
  type MetricsLine,
  type PlateauLine,
  type RunLine,
  readMetrics,
  type SkipLine,
  type TrainLine,
  type ValidationLine,
} from "./training/run/metrics-log.js";
export { type OpenRunOptions, openRun } from "./training/run/open-run.js";
export { type SavedWeights, saveModel } from "./training/run/save-model.js";
export { type TrainOptions, train } from "./training/train.js";
export { version } from "./version.js";
export { exportOnnx } from "./weights/onnx/export-onnx.js";
export { type ForeignWeights, readWeights } from "./weights/read-weights.js";
export { writeSafetensors, writeTorch } from "./weights/write-weights.js";
