/** @file What sample quality is measured on: a network, or something simpler, that makes a vector of an image. */
import type { Images } from "../../data/image-set.js";
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
