/** @file Whether samples are copies of training images: how near the nearest ones are (memorisation). */
import type { ExecutionOptions } from "../inference/execution-options.js";
import type { FeatureSet } from "./feature-set.js";
import { nearestNeighbours } from "./metrics/nearest.js";

/** Distances to the nearest training image, in the units of the features. */
export interface Memorisation {
  /** Median over samples. */
  medianOfSamples: number;
  /** Median over images that the model has not seen: samples that are much nearer than these are copies. */
  medianOfHeldOut: number;
  /** Training images that were searched. */
  searched: number;
}

/**
 * Compares the distance of samples to their nearest training image with that of held-out images.
 *
 * @param training - its `rows` are searched
 * @returns the figures, and for every sample the row of its nearest neighbour
 */
export async function memorisation(
  samples: FeatureSet,
  heldOut: FeatureSet,
  training: FeatureSet,
  options: ExecutionOptions = {},
): Promise<Memorisation & { nearest: Uint32Array }> {
  const width = training.moments.mean.length;
  const own = await nearestNeighbours(samples.rows, training.rows, width, options);
  const others = await nearestNeighbours(heldOut.rows, training.rows, width, options);
  return {
    medianOfSamples: median(own.distance),
    medianOfHeldOut: median(others.distance),
    searched: training.rowCount,
    nearest: own.index,
  };
}

function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
