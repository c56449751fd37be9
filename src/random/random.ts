/**
 * @file Random numbers by key: threefry-2x32 of 20 rounds, a counter-based generator (Salmon et al., "Parallel Random
 * Numbers: As Easy as 1, 2, 3", 2011); keys made from a seed and from one another; uniforms, normals and permutations.
 * The same key gives the same draw, always.
 */

import { boxMuller } from "./box-muller.js";

/** Two unsigned 32-bit words: all that a stream of random numbers depends on. */
export type Key = readonly [number, number];

/** Parity word of the key schedule, 32-bit form. */
const PARITY = 0x1bd11bda;

/**
 * Encrypts consecutive counters `[high, 0], [high, 1], …` under a key: counter n fills entries 2n and 2n + 1 of the target.
 *
 * @param key - two 32-bit words
 * @param high - first word of every counter
 * @param first - second word of the first counter; wraps at 2³²
 * @param target - filled with uniform 32-bit words; its length is even
 */
export function threefryFill(key: Key, high: number, first: number, target: Uint32Array): void {
  const k0 = key[0] | 0;
  const k1 = key[1] | 0;
  const k2 = k0 ^ k1 ^ PARITY;
  // biome-ignore format: one round a line reads like the specification
  for (let i = 0; i < target.length; i += 2) {
    let a = (high + k0) | 0;
    let b = (first + (i >>> 1) + k1) | 0;
    // Written out, because this loop bounds how fast noise can be made. Five times: four rounds, then the next key words.
    a = (a + b) | 0; b = ((b << 13) | (b >>> 19)) ^ a;
    a = (a + b) | 0; b = ((b << 15) | (b >>> 17)) ^ a;
    a = (a + b) | 0; b = ((b << 26) | (b >>> 6)) ^ a;
    a = (a + b) | 0; b = ((b << 6) | (b >>> 26)) ^ a;
    a = (a + k1) | 0; b = (b + k2 + 1) | 0;
    a = (a + b) | 0; b = ((b << 17) | (b >>> 15)) ^ a;
    a = (a + b) | 0; b = ((b << 29) | (b >>> 3)) ^ a;
    a = (a + b) | 0; b = ((b << 16) | (b >>> 16)) ^ a;
    a = (a + b) | 0; b = ((b << 24) | (b >>> 8)) ^ a;
    a = (a + k2) | 0; b = (b + k0 + 2) | 0;
    a = (a + b) | 0; b = ((b << 13) | (b >>> 19)) ^ a;
    a = (a + b) | 0; b = ((b << 15) | (b >>> 17)) ^ a;
    a = (a + b) | 0; b = ((b << 26) | (b >>> 6)) ^ a;
    a = (a + b) | 0; b = ((b << 6) | (b >>> 26)) ^ a;
    a = (a + k0) | 0; b = (b + k1 + 3) | 0;
    a = (a + b) | 0; b = ((b << 17) | (b >>> 15)) ^ a;
    a = (a + b) | 0; b = ((b << 29) | (b >>> 3)) ^ a;
    a = (a + b) | 0; b = ((b << 16) | (b >>> 16)) ^ a;
    a = (a + b) | 0; b = ((b << 24) | (b >>> 8)) ^ a;
    a = (a + k1) | 0; b = (b + k2 + 4) | 0;
    a = (a + b) | 0; b = ((b << 13) | (b >>> 19)) ^ a;
    a = (a + b) | 0; b = ((b << 15) | (b >>> 17)) ^ a;
    a = (a + b) | 0; b = ((b << 26) | (b >>> 6)) ^ a;
    a = (a + b) | 0; b = ((b << 6) | (b >>> 26)) ^ a;
    target[i] = a + k2;
    target[i + 1] = b + k0 + 5;
  }
}

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

/** First counter word of draws; folding a key uses 0. */
const DRAW = 1;

/** Words made at a time: a buffer that stays in the fastest cache. Even. */
const CHUNK = 2048;

/** Calls `use(words, start, count)` on successive stretches of `count` words of the key's stream, `total` words in all. */
function forWords(key: Key, total: number, use: (words: Uint32Array, start: number, count: number) => void): void {
  const words = new Uint32Array(Math.min(CHUNK, total + (total % 2)));
  for (let start = 0; start < total; start += CHUNK) {
    threefryFill(key, DRAW, start / 2, words);
    use(words, start, Math.min(CHUNK, total - start));
  }
}

/** Fills the target with standard normal numbers: see {@link boxMuller}. A shorter target gets the beginning of a longer one. */
export function fillNormal(key: Key, target: Float32Array): void {
  forWords(key, target.length + (target.length % 2), (words, start, count) => {
    boxMuller(words, target.subarray(start, start + count));
  });
}

/** `count` standard normal numbers; see {@link fillNormal}. */
export function normal(key: Key, count: number): Float32Array<ArrayBuffer> {
  const target = new Float32Array(count);
  fillNormal(key, target);
  return target;
}

/** `count` uniform numbers strictly between 0 and 1: the middles of 2²³ equal intervals, exact in float32. */
export function uniform(key: Key, count: number): Float32Array<ArrayBuffer> {
  const target = new Float32Array(count);
  forWords(key, count, (words, start, length) => {
    for (let i = 0; i < length; i++) target[start + i] = ((words[i] >>> 9) + 0.5) / 2 ** 23;
  });
  return target;
}

/** The numbers 0 … n − 1 in random order, every order equally likely (Fisher–Yates). */
export function permutation(key: Key, n: number): Uint32Array<ArrayBuffer> {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  forWords(key, 2 * n, (words, start, count) => {
    for (let i = 0; i < count; i += 2) {
      const left = n - (start + i) / 2; // how many places are still open
      const fraction = (words[i] * 2 ** 21 + (words[i + 1] >>> 11)) / 2 ** 53; // in [0, 1)
      const chosen = Math.floor(fraction * left);
      [order[left - 1], order[chosen]] = [order[chosen], order[left - 1]];
    }
  });
  return order;
}
