/** @file Statistics of features in a reference batch of guided-diffusion's evaluator: `mu`, `sigma`, `mu_s`, `sigma_s`. */
import { extname } from "node:path";
import { UserError } from "../errors.js";
import type { FeatureExtractor } from "../features/extractor.js";
import { parseNpy } from "../formats/npy.js";
import type { ElementType, Tensor } from "../formats/tensor.js";
import { openZip } from "../formats/zip.js";
import type { Moments } from "../metrics/moments.js";

/** Of a covariance of 4,096 columns in float64, bytes. */
const LARGEST_STATISTICS = 8 * 4096 ** 2 + 4096;

/** What the features of reference batches begin with that do not say what made them: the evaluator's own network. */
const EVALUATORS = "inception tensorflow";

/** Statistics that a file holds, of how many images is not told there: `count` is Infinity. */
export interface ReferenceStatistics {
  moments?: Moments;
  spatialMoments?: Moments;
  /** Why some of them are not used, where the file has some: "they are of …". */
  problem?: string;
}

/**
 * Statistics of a file that were made by this extractor: of the one that the file's `identity` names, or without that the
 * evaluator's own, Inception with TensorFlow's resizing.
 *
 * @throws UserError when they do not fit the extractor, or are not finite
 */
export async function readStatistics(path: string, extractor: FeatureExtractor): Promise<ReferenceStatistics> {
  if (extname(path).toLowerCase() !== ".npz") return {};
  const archive = await openZip(path);
  try {
    const array = async (name: string): Promise<Tensor | undefined> => {
      const entry = archive.entries.find((own) => own.name === `${name}.npy`);
      const bytes = entry && (await archive.read(entry, { largest: LARGEST_STATISTICS }));
      return bytes && parseNpy(bytes, (problem) => refuse(path, `${name} ${problem}`));
    };
    const has = (name: string) => archive.entries.some((own) => own.name === `${name}.npy`);
    const moments = async (mean: string, covariance: string, width: number): Promise<Moments | undefined> =>
      has(mean) || has(covariance)
        ? {
            count: Number.POSITIVE_INFINITY,
            mean: finite(path, mean, await array(mean), [width]),
            covariance: finite(path, covariance, await array(covariance), [width, width]),
          }
        : undefined;
    if (!has("mu") && !has("sigma")) return {};
    const identity = has("identity") ? text(path, await array("identity")) : undefined;
    const { width, spatialWidth } = extractor;
    const fits = identity === undefined ? extractor.identity.startsWith(EVALUATORS) : identity === extractor.identity;
    if (!fits) {
      const made = identity === undefined ? `${EVALUATORS}, as reference batches are` : identity;
      return { problem: `its statistics are of other features (${made})` };
    }
    const pooled = await moments("mu", "sigma", width);
    const spatial = spatialWidth ? await moments("mu_s", "sigma_s", spatialWidth) : undefined;
    const problem = spatialWidth && !spatial ? "it has no statistics of spatial features (mu_s, sigma_s)" : undefined;
    return { moments: pooled, spatialMoments: spatial, problem };
  } finally {
    await archive.close();
  }
}

const refuse = (path: string, problem: string): never => {
  throw new UserError(`--reference ${path}: expected statistics of the features that samples have, but ${problem}.`);
};

const described = ({ dtype, shape }: { dtype: ElementType; shape: number[] }) => `${dtype} [${shape.join(", ")}]`;

function finite(path: string, name: string, tensor: Tensor | undefined, shape: number[]): Float64Array {
  const wanted = described({ dtype: "float64", shape });
  if (tensor === undefined) return refuse(path, `${name}, ${wanted}, is missing`);
  const floats = tensor.dtype === "float64" || tensor.dtype === "float32";
  if (!floats || String(tensor.shape) !== String(shape)) {
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
