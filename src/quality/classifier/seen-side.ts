/** @file The size at which the classifier sees images. */

/** Largest side of what the classifier sees: larger images are averaged down to it. */
const LARGEST_SIDE = 64;

/** What the classifier's three halvings need. */
const MULTIPLE = 8;

/** Side at which the classifier sees images of a resolution: the next multiple of 8 below, from 8 to 64. */
export function classifierSide(resolution: number): number {
  return Math.min(Math.max(Math.floor(resolution / MULTIPLE) * MULTIPLE, MULTIPLE), LARGEST_SIDE);
}
