/** @file Features of the set that samples are compared with. */
import { digestOfSet, type ImageSet } from "../data/index.js";
import { cachedFeatures } from "./feature-cache.js";
import { type FeatureSet, type MeasureOptions, measureFeatures } from "./feature-set.js";
import type { FeatureExtractor } from "./features/extractor.js";
import { streamSet } from "./image-streams.js";

/** Images of the reference that precision and recall are measured with, as in guided-diffusion. */
export const REFERENCE_ROWS = 10_000;

/**
 * Features of a reference set: statistics of all its images, and the vectors of `keep` of them, evenly spaced.
 *
 * Kept in the cache folder under the set's digest and the extractor's identity: made again where that cannot be read.
 *
 * @throws the signal's reason when aborted
 */
export async function referenceOfSet(
  set: ImageSet,
  extractor: FeatureExtractor,
  { keep = REFERENCE_ROWS, ...options }: Omit<MeasureOptions, "logits"> = {},
): Promise<FeatureSet> {
  const of = { digest: digestOfSet(set), count: set.count, rowCount: Math.min(keep, set.count) };
  return cachedFeatures(of, extractor, () => measureFeatures(streamSet(set), extractor, { ...options, keep }));
}
