/** @file Features of the sets that samples are measured against again and again: made once, and cached on disk. */

import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../cache-folder.js";
import { digestOfSet, type ImageSet } from "../data/index.js";
import { sameShape } from "../engine/spec.js";
import { writeFileAtomic } from "../io/files/atomic-file.js";
import { readSafetensorsFile, safetensorsPieces } from "../io/tensors/safetensors.js";
import type { ElementType, Tensor } from "../io/tensors/tensor.js";
import { type FeatureSet, type MeasureOptions, measureFeatures } from "./feature-set.js";
import type { FeatureExtractor } from "./features/extractor.js";
import { streamSet } from "./image-streams.js";
import type { Moments } from "./metrics/moments.js";

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

/** Raise it when the content of the files, or how it is computed, changes. */
const VERSION = 2;

/** What identifies cached features, beside their extractor. */
export interface FeatureKey {
  /** Equal where the images are. */
  digest: string;
  count: number;
  /** Images whose vectors are kept. */
  rowCount: number;
}

/**
 * The features that the cache folder holds of these images by this extractor; otherwise those that `make` makes, which are cached
 * there.
 *
 * @throws what `make` throws
 */
export async function cachedFeatures(
  of: FeatureKey,
  extractor: FeatureExtractor,
  make: () => Promise<FeatureSet>,
): Promise<FeatureSet> {
  const { identity } = extractor;
  const path = placeOf([VERSION, of.digest, identity, of.rowCount]);
  const cached = path && (await readCached(path, of, extractor));
  if (cached) return { identity, ...cached };
  const features = await make();
  if (path) await writeCached(path, features);
  return features;
}

function placeOf(key: unknown[]): string | undefined {
  const folder = cacheFolder();
  const name = createHash("sha256").update(JSON.stringify(key)).digest("hex");
  return folder && join(folder, "references", `${name}.safetensors`);
}

/** What a file holds, or undefined where there is none that holds all. */
async function readCached(
  path: string,
  { count, rowCount }: FeatureKey,
  { width, spatialWidth }: FeatureExtractor,
): Promise<Omit<FeatureSet, "identity"> | undefined> {
  const file = await readSafetensorsFile(path).catch(() => undefined);
  if (!file) return undefined;
  const get = (name: string, dtype: ElementType, shape: number[]) => {
    const tensor = file.tensors.get(name);
    return tensor?.dtype === dtype && sameShape(tensor.shape, shape) ? tensor.data : undefined;
  };
  const moments = (name: string, size: number): Moments | undefined => {
    const mean = get(`${name}.mean`, "float64", [size]) as Float64Array | undefined;
    const covariance = get(`${name}.covariance`, "float64", [size, size]) as Float64Array | undefined;
    return mean && covariance && { count, mean, covariance };
  };
  const rows = get("rows", "float32", [rowCount, width]) as Float32Array | undefined;
  const pooled = moments("pooled", width);
  const spatial = spatialWidth ? moments("spatial", spatialWidth) : undefined;
  if (!rows || !pooled || (spatialWidth && !spatial)) return undefined;
  return { rows, rowCount, moments: pooled, spatialMoments: spatial };
}

/** Caches features; where that fails, they are made again the next time. */
async function writeCached(path: string, { moments, spatialMoments, rows, rowCount }: FeatureSet): Promise<void> {
  const tensors = new Map<string, Tensor>([
    ["rows", { dtype: "float32", shape: [rowCount, moments.mean.length], data: rows }],
  ]);
  for (const [name, of] of Object.entries({ pooled: moments, spatial: spatialMoments })) {
    if (!of) continue;
    const width = of.mean.length;
    tensors.set(`${name}.mean`, { dtype: "float64", shape: [width], data: of.mean });
    tensors.set(`${name}.covariance`, { dtype: "float64", shape: [width, width], data: of.covariance });
  }
  try {
    await mkdir(join(path, ".."), { recursive: true });
    await writeFileAtomic(path, safetensorsPieces(tensors));
  } catch {
    // a cache is a convenience
  }
}
