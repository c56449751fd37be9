/** @file Draws from a key: uniform and normal numbers, permutations. The same key gives the same draw, always. */
import { type Key, threefryFill } from "./threefry.js";

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

/**
 * Fills the target with standard normal numbers by the Box–Muller transform, in float64 until stored:
 *
 *     z_2n = √(−2 ln u) cos 2πv        z_2n+1 = √(−2 ln u) sin 2πv        u = (word_2n + ½) / 2³², v = word_2n+1 / 2³²
 *
 * A shorter target gets the beginning of a longer one. No number exceeds 6.7 in size.
 */
export function fillNormal(key: Key, target: Float32Array): void {
  forWords(key, target.length + (target.length % 2), (words, start, count) => {
    for (let i = 0; i < count; i += 2) {
      const radius = Math.sqrt(-2 * Math.log((words[i] + 0.5) / 2 ** 32));
      const angle = words[i + 1] * ((2 * Math.PI) / 2 ** 32);
      target[start + i] = radius * Math.cos(angle);
      target[start + i + 1] = radius * Math.sin(angle); // past the end of an odd target: ignored
    }
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
