/** @file Measures of sets of vectors: numbers in, numbers out. What the vectors are features of is for others to know. */

export { bootstrapMean, type IntervalOfMean } from "./bootstrap.js";
export { type FrechetOptions, frechetDistance } from "./frechet.js";
export { type FrechetLimitOptions, frechetLimit } from "./frechet-limit.js";
export { type InceptionScore, type InceptionScoreOptions, inceptionScore } from "./inception-score.js";
export { type Interval, jackknifeError, jackknifeInterval } from "./jackknife.js";
export { kernelDistance, kernelDistanceOfSubsets, type SubsetOptions } from "./kernel-distance.js";
export { type Moments, MomentsAccumulator, type MomentsOptions, momentsOf } from "./moments.js";
export { type NearestNeighbours, nearestNeighbours } from "./nearest.js";
export type { PairOptions } from "./pairs.js";
export {
  type PrecisionRecall,
  type PrecisionRecallOptions,
  precisionRecall,
} from "./precision-recall.js";
export { symmetricEigenvalues } from "./symmetric-eigenvalues.js";
export type { MetricOptions } from "./vectors.js";
