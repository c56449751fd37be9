/** @file What all measurements of a model on images are told. */
import { type BatchedOptions, DEFAULT_BATCH } from "../execution-options.js";

/** How a model is measured on images. */
export interface MeasurementOptions extends BatchedOptions {
  /** The first `count` images are measured. Default: all. */
  count?: number;
  /** Image `i` of a seed is encoded with the same noise whatever it is batched with. Default 0. */
  seed?: number;
  /** Called with the images that are done, of those to measure. */
  onProgress?: (done: number, count: number) => void;
}

/** How many of the images are measured, and how many at once. */
export function measuredAtOnce(
  options: MeasurementOptions,
  images: { count: number },
): { count: number; batch: number } {
  const count = Math.min(options.count ?? images.count, images.count);
  return { count, batch: Math.min(options.batch ?? DEFAULT_BATCH, count) };
}
