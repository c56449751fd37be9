/**
 * @file What a classifier learns from a set: its classes or, where it has none, which way up its images are. It sees
 * them no larger than it needs, and each in many places.
 */
import { Batches, type ImageSet } from "../../data/index.js";
import { foldIn, streamKey, uniform } from "../../random/index.js";
import { averagedTo } from "../features/resampling.js";

/** Largest side of what the classifier sees: larger images are averaged down to it. */
const LARGEST_SIDE = 64;

/** What the classifier's three halvings need. */
const MULTIPLE = 8;

/** Side at which the classifier sees images of a resolution: the next multiple of 8 below, from 8 to 64. */
export function classifierSide(resolution: number): number {
  return Math.min(Math.max(Math.floor(resolution / MULTIPLE) * MULTIPLE, MULTIPLE), LARGEST_SIDE);
}

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
 * Images of a set, each mirrored with probability ½, if it can be, and moved by a few pixels, with what is to be told of them: their class or,
 * without classes, the quarters of a turn by which they were turned (Gidaris et al. 2018).
 */
export function examplesOf(set: ImageSet, seed: number): Examples {
  const side = classifierSide(set.resolution);
  const batches = new Batches(set, { batchSize: BATCH_SIZE, seed, flips: set.mirrorable !== false });
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

/** Furthest in pixels, at most: an eighth of the side where that is less. */
const REACH = 3;

/**
 * A batch with every image moved by up to three pixels each way; what comes in at the border repeats the border.
 *
 * @param images - [N, 3, R, R]
 * @param batch - its number: the same batch of a seed is moved in the same way
 */
export function shifted(images: Float32Array, resolution: number, seed: number, batch: number): Float32Array {
  const key = foldIn(streamKey(seed, "classifierShifts"), batch);
  const reach = Math.min(REACH, Math.floor(resolution / 8));
  const size = 3 * resolution ** 2;
  const draws = uniform(key, (2 * images.length) / size);
  const moved = new Float32Array(images.length);
  for (let image = 0; image < images.length / size; image++) {
    const [down, right] = [0, 1].map((axis) => Math.floor((2 * reach + 1) * draws[2 * image + axis]) - reach);
    moved.set(shift(images.subarray(image * size, (image + 1) * size), resolution, down, right), image * size);
  }
  return moved;
}

/** One image moved by whole pixels, [3, R, R]. */
export function shift(image: Float32Array, resolution: number, down: number, right: number): Float32Array {
  const within = (place: number) => Math.min(Math.max(place, 0), resolution - 1);
  return image.map((_, place) => {
    const [row, column] = [Math.floor(place / resolution) % resolution, place % resolution];
    const plane = place - row * resolution - column;
    return image[plane + within(row - down) * resolution + within(column - right)];
  });
}

/**
 * One image turned counter-clockwise, [3, R, R].
 *
 * @param quarters - how far, in quarters of a turn, 0 … 3
 */
export function turned(image: Float32Array, resolution: number, quarters: number): Float32Array {
  const last = resolution - 1;
  return image.map((_, place) => {
    const [row, column] = [Math.floor(place / resolution) % resolution, place % resolution];
    const plane = place - row * resolution - column;
    const [fromRow, fromColumn] = [
      [row, column],
      [column, last - row],
      [last - row, last - column],
      [last - column, row],
    ][quarters];
    return image[plane + fromRow * resolution + fromColumn];
  });
}
