/** @file The classes of samples whose labels nobody gave: drawn as often as the training set has them. */
import { uniform } from "../random/index.js";
import { stream } from "./noise.js";

/** Training images of each class, in label order; of another length where they are unknown. */
interface ClassCounts {
  classCounts: readonly number[];
}

/** Labels of samples by their number, [N]; see `drawLabels`. */
export function labelsOfSamples(
  data: ClassCounts,
  classes: number,
  samples: readonly number[],
  seed: number,
): Int32Array {
  const drawn = drawLabels(data, classes, 1 + samples.reduce((most, sample) => Math.max(most, sample), 0), seed);
  return Int32Array.from(samples, (sample) => drawn[sample]);
}

/**
 * Labels in the training set's proportions, keyed by seed and image index; evenly where those are unknown.
 *
 * @returns [count]
 */
export function drawLabels({ classCounts }: ClassCounts, classes: number, count: number, seed: number): Int32Array {
  const weights = classCounts.length === classes ? classCounts : new Array<number>(classes).fill(1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Int32Array.from(uniform(stream(seed, "sampleLabels"), count), (u) => {
    let left = u * total;
    const label = weights.findIndex((weight) => {
      left -= weight;
      return left < 0;
    });
    return label < 0 ? classes - 1 : label;
  });
}
