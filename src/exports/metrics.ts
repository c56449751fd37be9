/** @file `strata-vae/metrics`: likelihood, rate and distortion, information; features, and how samples compare with a reference. */
import "../webgpu-types.js";

export type { ImageStream } from "../data/samples/image-stream.js";
export type { BatchedOptions, ExecutionOptions } from "../inference/execution-options.js";
export { type HeldOutBound, type HeldOutBoundOptions, heldOutBound } from "../inference/measures/held-out-bound.js";
export {
  ACTIVE_FROM_NATS,
  type GroupInformation,
  type MeasureInformationOptions,
  type ModelInformation,
  measureInformation,
} from "../inference/measures/information.js";
export type { MeasurementOptions } from "../inference/measures/measurement-options.js";
export {
  type ImageLikelihoods,
  type Likelihood,
  type LikelihoodOptions,
  type LikelihoodSummary,
  type MeanWithError,
  negativeLogLikelihood,
} from "../inference/measures/nll.js";
export {
  type RateDistortion,
  type RateDistortionOptions,
  type RateDistortionPoint,
  rateDistortion,
} from "../inference/measures/rate-distortion.js";
export { type OpenClassifierOptions, openClassifier } from "../quality/classifier/open-classifier.js";
export { type FeatureSet, type MeasureOptions, measureFeatures } from "../quality/feature-set.js";
export type { FeatureExtractor, Features } from "../quality/features/extractor.js";
export { type OnnxFileOptions, openOnnxFile } from "../quality/features/onnx-file.js";
export { openPixels } from "../quality/features/pixels.js";
export { streamImages, streamSamples, streamSet } from "../quality/image-streams.js";
export { type InceptionOptions, openInception } from "../quality/inception/inception.js";
export * from "../quality/metrics/index.js";
export {
  type CompareToReferenceOptions,
  compareToReference,
  type QualityMetric,
  type QualityValue,
} from "../quality/quality.js";
export { referenceOfSet } from "../quality/reference.js";
export { referenceOfFile, writeReference } from "../quality/reference-file.js";
export { type SampleQuality, type SampleQualityOptions, sampleQuality } from "../quality/sample-quality.js";
