/** @file The features of many images, as far as the measures of quality need them. */
import { type Images, spreadIndices } from "../data/index.js";
import type { ImageStream } from "../data/samples/image-stream.js";
import type { ExecutionOptions } from "../inference/execution-options.js";
import type { FeatureExtractor } from "./features/extractor.js";
import { type Moments, MomentsAccumulator } from "./metrics/moments.js";

/** What is kept of the features of a set of images. */
export interface FeatureSet {
  /** Of the extractor: sets are compared when they share it. */
  identity: string;
  /** Of the pooled features of all images. */
  moments: Moments;
  /** Of their spatial features. */
  spatialMoments?: Moments;
  /**
   * `[rowCount, width]`: pooled features of single images, all or those at `spreadIndices(count, rowCount)`; none of
   * statistics alone.
   */
  rows: Float32Array;
  rowCount: number;
  /** [count, classes] of all images. */
  logits?: Float32Array;
  /** [count], kept with the logits where the images have labels. */
  labels?: Int32Array;
}

/** How {@link measureFeatures} measures, and what it keeps. */
export interface MeasureOptions extends ExecutionOptions {
  /** Images whose pooled features are kept, evenly spaced. Default: all. */
  keep?: number;
  /** Keep logits, where the extractor has them. Default: no. */
  logits?: boolean;
  onProgress?: (done: number, count: number) => void;
}

/**
 * Makes features of a stream of pictures; of the pictures themselves nothing is kept.
 *
 * @throws the signal's reason when aborted
 * @throws Error when the stream has more or fewer pictures than it says
 */
export async function measureFeatures(
  { count, parts }: ImageStream,
  extractor: FeatureExtractor,
  { keep = count, logits: wanted = false, runtime, signal, onProgress }: MeasureOptions = {},
): Promise<FeatureSet> {
  const { identity, width, spatialWidth, classes } = extractor;
  const chosen = spreadIndices(count, keep);
  const rowCount = chosen.length;
  const rows = new Float32Array(rowCount * width);
  const logits = wanted && classes ? new Float32Array(count * classes) : undefined;
  await using pooledSums = new MomentsAccumulator(width, { runtime });
  await using spatialSums = spatialWidth ? new MomentsAccumulator(spatialWidth, { runtime }) : undefined;
  const labels: number[] = [];
  let done = 0;
  let stored = 0;
  for await (const part of parts) {
    signal?.throwIfAborted();
    if (done + part.count > count) throw new Error(`expected ${count} pictures, got more`);
    const features = await extractor.extract(part, signal);
    await pooledSums.add(features.pooled);
    await spatialSums?.add(features.spatial!);
    logits?.set(features.logits!, done * classes!);
    if (logits) labels.push(...labelsOf(part));
    for (; chosen[stored] < done + part.count; stored++) {
      const row = chosen[stored] - done;
      rows.set(features.pooled.subarray(row * width, (row + 1) * width), stored * width);
    }
    done += part.count;
    onProgress?.(done, count);
  }
  if (done < count) throw new Error(`expected ${count} pictures, got ${done}`);
  const moments = await pooledSums.finish();
  const spatialMoments = await spatialSums?.finish();
  const whole = labels.length === count ? { labels: Int32Array.from(labels) } : {};
  return { identity, moments, spatialMoments, rows, rowCount, logits, ...whole };
}

/** What a part of a stream says of its images: samples of models with classes have labels, others none. */
const labelsOf = (part: Images & { labels?: Int32Array }): Int32Array => part.labels ?? new Int32Array(0);

/** The same statistics with at most `keep` of the rows, evenly spaced. */
export function thinned(features: FeatureSet, keep: number): FeatureSet {
  const { rows, rowCount } = features;
  if (rowCount <= keep) return features;
  const width = rows.length / rowCount;
  const fewer = new Float32Array(keep * width);
  for (let place = 0; place < keep; place++) {
    const row = Math.floor((place * rowCount) / keep);
    fewer.set(rows.subarray(row * width, (row + 1) * width), place * width);
  }
  return { ...features, rows: fewer, rowCount: keep };
}
