/** @file The order in which terms are added: a fixed binary tree, so that parts of it may be added elsewhere. */

/** How the terms of a sum come, and how two sums become one. */
export interface TreeSum<T> {
  /** The term at an index, in order; added to `sum`, which is consumed, where one is given. */
  leaf(index: number, sum?: T): Promise<T>;
  /** Both are consumed. */
  add(sum: T, other: T): Promise<T>;
  /** Gives back a sum that is not needed, since a later term has failed. */
  discard(sum: T): void;
}

/**
 * Adds terms: the first half of them, the second half, then both; of an odd number the first half has one more.
 *
 * Where R, a power of two, divides the number of terms, the sums of R equal parts are nodes of this tree. R ranks that add up
 * their parts each, and then these, round every number as one that adds up all of it.
 *
 * @param count - of the terms, at least 1
 * @param first - index of the first of them
 * @throws what `leaf` throws
 */
export async function sumInTree<T>(count: number, terms: TreeSum<T>, first = 0): Promise<T> {
  if (count === 1) return terms.leaf(first);
  const left = Math.ceil(count / 2);
  const sum = await sumInTree(left, terms, first);
  try {
    return count === 2 || count === 3
      ? await terms.leaf(first + left, sum)
      : await terms.add(sum, await sumInTree(count - left, terms, first + left));
  } catch (error) {
    terms.discard(sum);
    throw error;
  }
}

/** How many sums wait, at most, beside the one that is being added to. */
export function waitingSums(count: number): number {
  if (count <= 3) return 0;
  const left = Math.ceil(count / 2);
  return Math.max(waitingSums(left), 1 + waitingSums(count - left));
}
