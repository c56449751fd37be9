/** @file Keys of random streams: made from a seed, and from one another by counting. */
import { type Key, threefryFill } from "./threefry.js";

export type { Key };

const WORD = 2 ** 32;

/**
 * The key a seed stands for, its high and low 32 bits, as in JAX.
 *
 * @throws RangeError unless the seed is an integer from 0 to 2⁵³ − 1
 */
export function keyFromSeed(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`keyFromSeed: expected an integer seed from 0 to 2^53 - 1, got ${seed}`);
  }
  return [Math.floor(seed / WORD), seed % WORD];
}

/**
 * An independent key for each number: threefry(key, [0, number]), as JAX's `fold_in`. Streams are so named by a path of
 * numbers (purpose, batch, image, group) and need no state. A key may be both folded and drawn from.
 *
 * @throws RangeError unless the number is an integer from 0 to 2³² − 1
 */
export function foldIn(key: Key, number: number): Key {
  if (!Number.isInteger(number) || number < 0 || number >= WORD) {
    throw new RangeError(`foldIn: expected an integer from 0 to 2^32 - 1, got ${number}`);
  }
  const words = new Uint32Array(2);
  threefryFill(key, 0, number, words);
  return [words[0], words[1]];
}
