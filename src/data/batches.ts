/** @file Batches of an endless, shuffled stream of images; any of them can be made at any time. */
import { pixelValues } from "../io/pixels.js";
import { foldIn, type Key, permutation, streamKey, uniform } from "../random/index.js";
import { type ImageReader, type ImageSet, imageReader } from "./image-set.js";

/** How batches are made. */
export interface BatchOptions {
  batchSize: number;
  seed: number;
  /** Whether each image is mirrored with probability ½, afresh in every epoch. */
  flips: boolean;
}

/** One batch of images and their labels. */
export interface Batch {
  /** [N, 3, R, R] in [-1, 1]: byte / 127.5 − 1. */
  images: Float32Array;
  /** [N], or length 0. */
  labels: Int32Array;
}

/**
 * Batch n holds images n·N … (n+1)·N − 1 of a stream in which every epoch is a permutation of the set keyed by (seed,
 * epoch); an epoch's end need not be a batch's. A batch depends on its number alone: batches can be made in any order, and
 * one epoch's order is kept only for speed.
 */
export class Batches {
  readonly #orderKey: Key;
  readonly #mirrorKey: Key;
  readonly #read: ImageReader;
  #epoch: { number: number; order: Uint32Array; mirrored?: Float32Array } | undefined;

  constructor(
    readonly set: ImageSet,
    readonly options: BatchOptions,
  ) {
    if (set.count === 0) throw new Error(`Expected images to make batches of, got none in ${set.name}.`);
    this.#orderKey = streamKey(options.seed, "batchOrder");
    this.#mirrorKey = streamKey(options.seed, "batchFlips");
    this.#read = imageReader(set);
  }

  /** @param places - in the batch that are needed, from `first` to before `end`; the others stay 0 */
  batch(number: number, places = { first: 0, end: this.options.batchSize }): Batch {
    const { set, options } = this;
    const { batchSize } = options;
    const size = 3 * set.resolution ** 2;
    const images = new Float32Array(batchSize * size);
    const labels = new Int32Array(set.labels.length > 0 ? batchSize : 0);
    for (let place = places.first; place < places.end; place++) {
      const position = number * batchSize + place;
      const epoch = this.#epochOf(Math.floor(position / set.count));
      const image = epoch.order[position % set.count];
      const mirrored = epoch.mirrored !== undefined && epoch.mirrored[image] < 0.5;
      copyImage(this.#read(image), set.resolution, mirrored, images.subarray(place * size, (place + 1) * size));
      if (labels.length > 0) labels[place] = set.labels[image];
    }
    return { images, labels };
  }

  #epochOf(number: number) {
    if (this.#epoch?.number !== number) {
      const order = permutation(foldIn(this.#orderKey, number), this.set.count);
      const mirrored = this.options.flips ? uniform(foldIn(this.#mirrorKey, number), this.set.count) : undefined;
      this.#epoch = { number, order, mirrored };
    }
    return this.#epoch;
  }
}

/** An image as numbers in [-1, 1], mirrored or not. */
export function copyImage(image: Uint8Array, resolution: number, mirrored: boolean, target: Float32Array): void {
  if (!mirrored) {
    for (let element = 0; element < image.length; element++) target[element] = pixelValues[image[element]];
    return;
  }
  for (let row = 0; row < image.length; row += resolution) {
    const last = row + resolution - 1;
    for (let column = 0; column < resolution; column++) target[row + column] = pixelValues[image[last - column]];
  }
}
