/**
 * @file References in files: `mu` and `sigma`, as pytorch-fid and TTUR write them, or a reference batch of
 * guided-diffusion's evaluator (ADM), which has `mu_s` and `sigma_s` of spatial features and the images, `arr_0`,
 * beside them.
 */
import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { hasSampleArray, type ImageSet, openSamples, takeSpread } from "../data/index.js";
import { sameShape } from "../engine/spec.js";
import { UserError } from "../errors.js";
import { openZip } from "../io/archives/zip.js";
import { writeFileAtomic } from "../io/files/atomic-file.js";
import { sha256OfFile } from "../io/files/file-hash.js";
import { parseNpy } from "../io/numpy/npy.js";
import { encodeNpz } from "../io/numpy/npz.js";
import { interleaved } from "../io/pixels.js";
import type { ElementType, Tensor } from "../io/tensors/tensor.js";
import { type FeatureSet, type MeasureOptions, measureFeatures } from "./feature-set.js";
import type { FeatureExtractor } from "./features/extractor.js";
import type { Moments } from "./metrics/moments.js";
import { cachedFeatures, REFERENCE_ROWS } from "./reference.js";

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

/** Of a covariance of 4,096 columns in float64, bytes. */
const LARGEST_STATISTICS = 8 * 4096 ** 2 + 4096;

/** What the features of reference batches begin with that do not say what made them: the evaluator's own network. */
const EVALUATORS = "inception tensorflow";

/** Statistics that a file holds, where the number of images is unknown: `count` is Infinity. */
interface ReferenceStatistics {
  moments?: Moments;
  spatialMoments?: Moments;
  /** Why some of them are not used, or what had to be assumed for them to be, where the file has some: "it …". */
  problem?: string;
  /** Whether the file holds images, too; otherwise it has `moments`. */
  hasImages: boolean;
}

/**
 * Statistics of a file that were made by this extractor: of the one that the file's `identity` names, or without that
 * the evaluator's own, Inception with TensorFlow's resizing. Where there are statistics alone, and nothing says what
 * made them, they are taken for this extractor's if they are as long as its features: that is all that the files of
 * pytorch-fid and TTUR tell.
 *
 * @throws UserError when they do not fit the extractor and there are no images to measure instead, or are no mean and
 *   covariance
 */
async function readStatistics(path: string, extractor: FeatureExtractor): Promise<ReferenceStatistics> {
  if (extname(path).toLowerCase() !== ".npz") return { hasImages: true };
  await using archive = await openZip(path);
  const hasImages = hasSampleArray(archive.entries);
  const has = (name: string) => archive.entries.some((own) => own.name === `${name}.npy`);
  if (!has("mu") && !has("sigma")) {
    if (hasImages) return { hasImages };
    const names = archive.entries.map(({ name }) => name).join(", ") || "nothing";
    return refuse(path, `it has neither mu and sigma nor images as arr_0; it holds ${names}`);
  }
  const array = async (name: string): Promise<Tensor | undefined> => {
    const entry = archive.entries.find((own) => own.name === `${name}.npy`);
    const bytes = entry && (await archive.read(entry, { largest: LARGEST_STATISTICS }));
    return bytes && parseNpy(bytes, (problem) => refuse(path, `${name} ${problem}`));
  };
  const moments = async (mean: string, covariance: string, width: number): Promise<Moments | undefined> =>
    has(mean) || has(covariance)
      ? readMoments(path, { [mean]: await array(mean), [covariance]: await array(covariance) }, width, extractor)
      : undefined;
  const identity = has("identity") ? text(path, await array("identity")) : undefined;
  const origin = originOf(identity, extractor, hasImages);
  if (!origin.fits) {
    const problem = `its statistics are of other features (${origin.made})`;
    if (hasImages) return { problem, hasImages };
    refuse(
      path,
      `${problem}, those of the samples are ${extractor.identity}, and it holds no images to measure instead`,
    );
  }
  const { width, spatialWidth } = extractor;
  const pooled = await moments("mu", "sigma", width);
  const spatial = spatialWidth ? await moments("mu_s", "sigma_s", spatialWidth) : undefined;
  if (!hasImages) return { moments: pooled, spatialMoments: spatial, problem: origin.assumption, hasImages };
  const problem = spatialWidth && !spatial ? "it has no statistics of spatial features (mu_s, sigma_s)" : undefined;
  return { moments: pooled, spatialMoments: spatial, problem, hasImages };
}

/** Whether a file's statistics are of an extractor's features, as far as it is known or can be assumed. */
function originOf(
  identity: string | undefined,
  extractor: FeatureExtractor,
  hasImages: boolean,
): { fits: boolean; made: string; assumption?: string } {
  if (identity !== undefined) return { fits: identity === extractor.identity, made: identity };
  const made = `${EVALUATORS}, as reference batches are`;
  if (hasImages) return { fits: extractor.identity.startsWith(EVALUATORS), made };
  const resizing = /^inception (\w+)/.exec(extractor.identity)?.[1];
  const network = resizing === undefined ? extractor.identity : `Inception with \`resize: "${resizing}"\``;
  const advice =
    resizing === undefined
      ? ""
      : '; files of pytorch-fid need `resize: "pytorch"`, those of TTUR and ADM `resize: "tensorflow"`';
  return {
    fits: true,
    made,
    assumption: `it does not say which network made mu and sigma: assumed ${network}, as for the samples${advice}`,
  };
}

const refuse = (path: string, problem: string): never => {
  throw new UserError("mismatch", `Expected statistics of the features that samples have in ${path}, but ${problem}.`);
};

const described = ({ dtype, shape }: { dtype: ElementType; shape: number[] }) => `${dtype} [${shape.join(", ")}]`;

/** Of the largest variance; more is no rounding. */
const ASYMMETRY = 1e-4;

/**
 * A mean [width] and a covariance [width, width], by their names in the file and in this order.
 *
 * @throws UserError when one is missing, of another shape or type, not finite, or the second is no covariance
 */
function readMoments(
  path: string,
  arrays: Record<string, Tensor | undefined>,
  width: number,
  { name: extractor }: FeatureExtractor,
): Moments {
  const [[meanName, meanArray], [name, covarianceArray]] = Object.entries(arrays);
  const own = meanArray?.shape.length === 1 ? meanArray.shape[0] : width;
  if (own !== width) {
    refuse(
      path,
      `${meanName} has ${own} values, and a feature of the samples (${extractor}) has ${width}: another network made it`,
    );
  }
  const mean = finite(path, meanName, meanArray, [width]);
  const covariance = finite(path, name, covarianceArray, [width, width]);
  const variances = mean.map((_, i) => covariance[i * width + i]);
  const negative = variances.findIndex((variance) => variance < 0);
  if (negative >= 0) refuse(path, `${name} has the variance ${variances[negative]} at [${negative}, ${negative}]`);
  const most = ASYMMETRY * variances.reduce((largest, variance) => Math.max(largest, variance), 0);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) {
      const [below, above] = [covariance[i * width + j], covariance[j * width + i]];
      if (Math.abs(below - above) <= most) continue;
      refuse(path, `${name} is not symmetric: it has ${below} at [${i}, ${j}] and ${above} at [${j}, ${i}]`);
    }
  }
  return { count: Number.POSITIVE_INFINITY, mean, covariance };
}

function finite(path: string, name: string, tensor: Tensor | undefined, shape: number[]): Float64Array {
  const wanted = described({ dtype: "float64", shape });
  if (tensor === undefined) return refuse(path, `${name}, ${wanted}, is missing`);
  const floats = tensor.dtype === "float64" || tensor.dtype === "float32";
  if (!floats || !sameShape(tensor.shape, shape)) {
    return refuse(path, `${name} is ${described(tensor)} in place of ${wanted}`);
  }
  const values = Float64Array.from(tensor.data as Float32Array | Float64Array);
  return values.every(Number.isFinite) ? values : refuse(path, `${name} holds values that are not finite`);
}

/** UTF-8 in an array of bytes. */
function text(path: string, tensor: Tensor | undefined): string {
  if (tensor?.dtype !== "uint8") return refuse(path, "identity is no array of bytes");
  return Buffer.from(tensor.data as Uint8Array).toString();
}

/** The array that `readStatistics` knows an extractor by. */
function identityArray(identity: string): Tensor {
  const data = new TextEncoder().encode(identity);
  return { dtype: "uint8", shape: [data.length], data };
}
