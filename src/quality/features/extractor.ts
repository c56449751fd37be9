/** @file What sample quality is measured on: a network, or something simpler, that makes a vector of an image. */
import type { Images } from "../../data/image-set.js";
import type { Runtime, TypedArray } from "../../engine/index.js";
import { type Portion, runPortions } from "../../inference/batches.js";
import { Lifetime } from "../../lifetime.js";

/** Vectors of N images, row by row. */
export interface Features {
  /** `[N, width]`: what the Fréchet and kernel distances, precision and recall compare. */
  pooled: Float32Array;
  /** `[N, spatialWidth]`: what sFID compares. */
  spatial?: Float32Array;
  /** [N, classes], before the softmax: what the Inception score is made of. */
  logits?: Float32Array;
}

/**
 * How networks compute features, however the model does that drew the images: what is measured must not depend on it, and
 * statistics of references were computed to all digits.
 */
export const FEATURE_PRECISION = "float32";

/** Makes vectors of images of one resolution. The vectors of an image do not depend on those beside it. */
export interface FeatureExtractor {
  /** As users name it: inception, pixels, classifier, or a file. */
  readonly name: string;
  /** Extractors that share it make the same vectors: names the network, its preparation of images and the hash of its weights. */
  readonly identity: string;
  readonly width: number;
  readonly spatialWidth?: number;
  readonly classes?: number;
  /**
   * @param pictures - any number of them; worked through in batches
   * @throws the signal's reason when aborted
   */
  extract(pictures: Images, signal?: AbortSignal): Promise<Features>;
  /** Frees the compiled program, at any moment: what is being extracted is rejected. Calling it again is harmless. */
  dispose(): Promise<void>;
}

/** One of this library, which `await using` disposes. */
export type OpenExtractor = FeatureExtractor & AsyncDisposable;

/** An extractor of its parts, which need not know when they are disposed. */
export function extractorOf(parts: FeatureExtractor): OpenExtractor {
  const lifetime = new Lifetime("This feature extractor");
  const dispose = () => lifetime.end(() => parts.dispose());
  const extract: FeatureExtractor["extract"] = (...given) => lifetime.during(() => parts.extract(...given));
  return { ...parts, extract, dispose, [Symbol.asyncDispose]: dispose };
}

/**
 * Results of all images, in order; the last batch is filled up with black ones.
 *
 * @param widths - how many numbers of each kind an image gives
 * @param run - takes the bytes [batch, 3, R, R] of images, borrowed, and gives [batch, width] of each kind
 * @throws Error when the images are of another resolution
 * @throws the signal's reason when aborted
 */
export async function inBatches<Kind extends string>(
  { images, count, resolution }: Images,
  expected: {
    resolution: number;
    batch: number;
    widths: Record<Kind, number>;
    signal?: AbortSignal;
    /** Where it is computed. */
    runtime?: Pick<Runtime, "lanes">;
  },
  run: (images: Uint8Array) => Promise<Record<Kind, TypedArray>>,
): Promise<Record<Kind, Float32Array>> {
  const { batch, widths, signal, runtime } = expected;
  if (resolution !== expected.resolution) {
    throw new Error(
      `expected images of ${expected.resolution}×${expected.resolution}, got ${resolution}×${resolution}`,
    );
  }
  const size = 3 * resolution ** 2;
  const kinds = Object.keys(widths) as Kind[];
  const results = Object.fromEntries(kinds.map((kind) => [kind, new Float32Array(count * widths[kind])]));
  const begin = ({ first, used }: Portion) => {
    const filled = new Uint8Array(batch * size);
    filled.set(images.subarray(first * size, (first + used) * size));
    return run(filled);
  };
  for await (const { first, used, result: found } of runPortions(count, batch, begin, { signal, runtime })) {
    for (const kind of kinds) {
      const width = widths[kind];
      results[kind].set(found[kind].subarray(0, used * width), first * width);
    }
  }
  signal?.throwIfAborted();
  return results as Record<Kind, Float32Array>;
}
