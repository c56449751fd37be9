/**
 * @file Statistics of features in a file: `mu` and `sigma`, as pytorch-fid and TTUR write them, and `mu_s` and
 * `sigma_s` of spatial features beside them in a reference batch of guided-diffusion's evaluator (ADM).
 */
import { extname } from "node:path";
import { hasSampleArray } from "../data/index.js";
import { sameShape } from "../engine/spec.js";
import { UserError } from "../errors.js";
import { openZip } from "../io/archives/zip.js";
import { parseNpy } from "../io/numpy/npy.js";
import type { ElementType, Tensor } from "../io/tensors/tensor.js";
import type { FeatureExtractor } from "./features/extractor.js";
import type { Moments } from "./metrics/moments.js";

/** Of a covariance of 4,096 columns in float64, bytes. */
const LARGEST_STATISTICS = 8 * 4096 ** 2 + 4096;

/** What the features of reference batches begin with that do not say what made them: the evaluator's own network. */
const EVALUATORS = "inception tensorflow";

/** Statistics that a file holds, where the number of images is unknown: `count` is Infinity. */
export interface ReferenceStatistics {
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
export async function readStatistics(path: string, extractor: FeatureExtractor): Promise<ReferenceStatistics> {
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
export function identityArray(identity: string): Tensor {
  const data = new TextEncoder().encode(identity);
  return { dtype: "uint8", shape: [data.length], data };
}
