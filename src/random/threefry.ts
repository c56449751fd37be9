/** @file Threefry-2x32, 20 rounds: a counter-based generator (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011). */

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
