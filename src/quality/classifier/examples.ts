/** @file What a classifier learns from a set: its classes or, where it has none, which way up its images are. */
import { Batches, type ImageSet } from "../../data/index.js";
import { foldIn, streamKey, uniform } from "../../random/index.js";
import { averagedTo } from "../features/area-averaging.js";
import { shifted, turned } from "./augmentation.js";
import { classifierSide } from "./seen-side.js";

/** Images of one batch. */
export const BATCH_SIZE = 32;

/** How many ways up there are, a quarter of a turn apart. */
export const TURNS = 4;

/** A stream of images to tell apart. */
export interface Examples {
  /** Side of the images. */
  side: number;
  /** Share of every class among them, [K], above 0. */
  frequencies: number[];
  /** Batch `number`, of N = {@link BATCH_SIZE}: images [N, 3, side, side] in [-1, 1] and their classes [N]. */
  batch(number: number): { images: Float32Array; labels: Int32Array };
}

/** Whether a set's labels tell its images apart: two classes at least have images. */
export function hasClasses({ labels }: ImageSet): boolean {
  return labels.some((label) => label !== labels[0]);
}

/**
 * Images of a set, each mirrored with probability ½ and moved by a few pixels, with what is to be told of them: their class or,
 * without classes, the quarters of a turn by which they were turned (Gidaris et al. 2018).
 */
export function examplesOf(set: ImageSet, seed: number): Examples {
  const side = classifierSide(set.resolution);
  const batches = new Batches(set, { batchSize: BATCH_SIZE, seed, flips: true });
  const labelled = hasClasses(set);
  const batch = (number: number) => {
    const { images, labels } = batches.batch(number);
    const small = averagedTo(images, set.resolution, side);
    if (labelled) return { images: shifted(small, side, seed, number), labels };
    const turns = turnsOf(BATCH_SIZE, seed, number);
    return { images: shifted(turnedBy(small, side, turns), side, seed, number), labels: turns };
  };
  return { side, frequencies: labelled ? frequenciesOf(set) : new Array(TURNS).fill(1 / TURNS), batch };
}

/** Every image of a batch turned by its own number of quarters. */
export function turnedBy(images: Float32Array, side: number, turns: Int32Array): Float32Array {
  const size = 3 * side ** 2;
  const result = new Float32Array(images.length);
  turns.forEach((quarters, image) => {
    result.set(turned(images.subarray(image * size, (image + 1) * size), side, quarters), image * size);
  });
  return result;
}

function turnsOf(count: number, seed: number, batch: number): Int32Array {
  const key = foldIn(streamKey(seed, "classifierTurns"), batch);
  return Int32Array.from(uniform(key, count), (draw) => Math.floor(TURNS * draw));
}

/** Counted as if every class had one more image than it has: the logarithm of none would be −∞. */
function frequenciesOf({ classes, labels }: ImageSet): number[] {
  const counts = new Array<number>(classes.length).fill(1);
  for (const label of labels) counts[label] += 1;
  return counts.map((count) => count / (labels.length + classes.length));
}
