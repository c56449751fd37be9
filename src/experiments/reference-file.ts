/** @file Reference batches in the layout of guided-diffusion's evaluator: `mu`, `sigma`, `mu_s`, `sigma_s`, `arr_0`. */
import { type ImageSet, openSamples, take } from "../data/index.js";
import { UserError } from "../errors.js";
import type { FeatureExtractor } from "../features/extractor.js";
import { writeFileAtomic } from "../formats/atomic-file.js";
import { parseNpy } from "../formats/npy.js";
import { encodeNpz } from "../formats/npz.js";
import { interleaved } from "../formats/pixels.js";
import { openZip, type ZipArchive } from "../formats/zip.js";
import type { Moments } from "../metrics/moments.js";
import { type FeatureSet, type MeasureOptions, measureFeatures } from "./feature-set.js";
import { REFERENCE_ROWS } from "./reference.js";

/** Statistics of the largest features that are read: a covariance of 4,096 columns in float64. */
const LARGEST_STATISTICS = 8 * 4096 ** 2 + 4096;

/**
 * Features of a reference batch: its statistics are taken from the file where they were made of Inception features (how many
 * images they are of is not told there: `count` is Infinity), and from its images otherwise.
 *
 * @throws UserError when the file holds no such arrays, or its images have another size than the samples
 */
export async function referenceOfFile(
  path: string,
  extractor: FeatureExtractor,
  resolution: number,
  { keep = REFERENCE_ROWS, ...options }: Omit<MeasureOptions, "logits"> = {},
): Promise<FeatureSet> {
  const samples = await openSamples(path);
  if (samples.resolution !== resolution) {
    throw new UserError(
      `--reference ${path}: expected images of ${resolution}×${resolution} pixels, as the samples have, got ${samples.resolution}×${samples.resolution}.`,
    );
  }
  const { count } = samples;
  const stream = { count, resolution, parts: samples.parts(256, options.signal) };
  const features = await measureFeatures(stream, extractor, { ...options, keep });
  if (extractor.name !== "inception") return features;
  const { width, spatialWidth } = extractor;
  const archive = await openZip(path);
  try {
    const pooled = await momentsIn(archive, path, { mean: "mu", covariance: "sigma", width });
    const spatial = spatialWidth
      ? await momentsIn(archive, path, { mean: "mu_s", covariance: "sigma_s", width: spatialWidth })
      : undefined;
    if (!pooled) return features;
    return { ...features, moments: pooled, spatialMoments: spatial ?? features.spatialMoments };
  } finally {
    await archive.close();
  }
}

interface MomentNames {
  mean: string;
  covariance: string;
  width: number;
}

/** Statistics under these names, or undefined where the file has none. */
async function momentsIn(archive: ZipArchive, path: string, names: MomentNames): Promise<Moments | undefined> {
  const { width } = names;
  const mean = await floats(archive, path, names.mean, [width]);
  const covariance = await floats(archive, path, names.covariance, [width, width]);
  return mean && covariance && { count: Number.POSITIVE_INFINITY, mean, covariance };
}

async function floats(archive: ZipArchive, path: string, name: string, shape: number[]) {
  const refuse = (problem: string): never => {
    throw new UserError(`--reference ${path}: expected ${name} as float64 [${shape.join(", ")}], but it ${problem}.`);
  };
  const entry = archive.entries.find((own) => own.name === `${name}.npy`);
  if (!entry) return undefined;
  const tensor = parseNpy(await archive.read(entry, { largest: LARGEST_STATISTICS }), refuse);
  const { dtype, data } = tensor;
  if (String(tensor.shape) !== String(shape) || (dtype !== "float64" && dtype !== "float32")) {
    return refuse(`is ${dtype} [${tensor.shape.join(", ")}]`);
  }
  const values = Float64Array.from(data as Float32Array | Float64Array);
  if (!values.every(Number.isFinite)) refuse("holds values that are not finite");
  return values;
}

/**
 * Writes the features of a set as a reference batch that guided-diffusion's evaluator reads too, with its first images.
 *
 * @param features - of the whole set, of Inception
 * @throws UserError when the file cannot be written
 */
export async function writeReference(
  path: string,
  { moments, spatialMoments }: FeatureSet,
  set: ImageSet,
): Promise<void> {
  const count = Math.min(REFERENCE_ROWS, set.count);
  const pictures = take(
    set,
    Array.from({ length: count }, (_, i) => Math.floor((i * set.count) / count)),
  );
  const { resolution } = set;
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
    }),
  );
}
