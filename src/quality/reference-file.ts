/** @file Reference batches in the layout of guided-diffusion's evaluator: `mu`, `sigma`, `mu_s`, `sigma_s`, `arr_0`. */
import { stat } from "node:fs/promises";
import { type ImageSet, openSamples, takeSpread } from "../data/index.js";
import { UserError } from "../errors.js";
import { writeFileAtomic } from "../io/files/atomic-file.js";
import { sha256OfFile } from "../io/files/file-hash.js";
import { encodeNpz } from "../io/numpy/npz.js";
import { interleaved } from "../io/pixels.js";
import { cachedFeatures } from "./feature-cache.js";
import { type FeatureSet, type MeasureOptions, measureFeatures } from "./feature-set.js";
import type { FeatureExtractor } from "./features/extractor.js";
import type { Moments } from "./metrics/moments.js";
import { REFERENCE_ROWS } from "./reference.js";
import { identityArray, readStatistics } from "./reference-statistics.js";

export interface ReferenceFileOptions extends Omit<MeasureOptions, "logits"> {
  /** Called when images are measured although the file has statistics, and what is assumed of statistics alone. */
  onNotice?: (message: string) => void;
}

/**
 * Features of a reference batch, or of any images that `openSamples` reads: statistics are the file's where it has some that
 * this extractor made (where the number of images is unknown: `count` is Infinity), and those of its images otherwise.
 *
 * A file of statistics alone gives a set without rows, which has a Fréchet distance and nothing that single images are
 * needed for. What is made of a file's images is kept in the cache folder.
 *
 * @throws UserError when the file holds neither images nor statistics, its images have another size than the samples,
 *   or its statistics do not fit; the signal's reason when aborted
 */
export async function referenceOfFile(
  path: string,
  extractor: FeatureExtractor,
  resolution: number,
  { keep = REFERENCE_ROWS, onNotice, ...options }: ReferenceFileOptions = {},
): Promise<FeatureSet> {
  const { moments, spatialMoments, problem, hasImages } = await readStatistics(path, extractor);
  if (moments && !hasImages) {
    if (problem) onNotice?.(`${path}: ${problem}.`);
    return { identity: extractor.identity, moments, spatialMoments, rows: new Float32Array(0), rowCount: 0 };
  }
  const samples = await openSamples(path, { signal: options.signal });
  if (samples.resolution !== resolution) {
    throw new UserError(
      "wrong-shape",
      `Expected reference images of ${resolution}×${resolution} pixels in ${path}, as the samples have, got ${samples.resolution}×${samples.resolution}.`,
    );
  }
  const { count } = samples;
  if (problem) onNotice?.(`${path}: ${problem}; those of its ${count} images are used instead.`);
  const measure = () => measureFeatures(samples, extractor, { ...options, keep });
  const isFile = (await stat(path)).isFile();
  const digest = isFile && `file sha256:${await sha256OfFile(path, options.signal)}`;
  const of = digest && { digest, count, rowCount: Math.min(keep, count) };
  const features = of ? await cachedFeatures(of, extractor, measure) : await measure();
  return {
    ...features,
    moments: moments ?? features.moments,
    spatialMoments: spatialMoments ?? features.spatialMoments,
  };
}

/**
 * Writes the features of a set as a reference batch that guided-diffusion's evaluator reads too, with up to 10,000 of its images,
 * evenly spaced: those whose vectors `referenceOfSet` keeps.
 *
 * @param features - of the whole set; the evaluator's own are Inception's
 * @throws UserError when the file cannot be written
 */
export async function writeReference(
  path: string,
  { identity, moments, spatialMoments }: FeatureSet,
  set: ImageSet,
): Promise<void> {
  const pictures = takeSpread(set, REFERENCE_ROWS);
  const { count, resolution } = pictures;
  const statistics = (of: Moments, mean: string, covariance: string) => {
    const width = of.mean.length;
    return {
      [mean]: { dtype: "float64" as const, shape: [width], data: of.mean },
      [covariance]: { dtype: "float64" as const, shape: [width, width], data: of.covariance },
    };
  };
  await writeFileAtomic(
    path,
    encodeNpz({
      arr_0: { dtype: "uint8", shape: [count, resolution, resolution, 3], data: interleaved(pictures) },
      ...statistics(moments, "mu", "sigma"),
      ...(spatialMoments ? statistics(spatialMoments, "mu_s", "sigma_s") : {}),
      identity: identityArray(identity),
    }),
  );
}
