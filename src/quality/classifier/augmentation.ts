/** @file Images moved by a few pixels, so that a classifier sees each of them in many places, and images turned. */
import { foldIn, streamKey, uniform } from "../../random/index.js";

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
