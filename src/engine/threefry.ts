/**
 * @file Threefry-2x32 of 20 rounds (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011), written in whatever
 * computes with words.
 */

/** Two 32-bit words, or arrays of first and of second words. */
export type Pair<Word> = readonly [Word, Word];

/** Arithmetic on arrays of 32-bit words. */
export interface WordArithmetic<Word> {
  /** A constant; between −2³¹ and 2³¹ − 1. */
  word(value: number): Word;
  /** Modulo 2³². */
  add(x: Word, y: Word): Word;
  xor(x: Word, y: Word): Word;
  /** To the left by 1 to 31 bits. */
  rotate(x: Word, bits: number): Word;
}

/** Parity word of the key schedule, 32-bit form. */
const PARITY = 0x1bd11bda;

/** Rotations of four rounds each, by turns. */
const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
];

/** Four rounds, then the next words of the key, this many times. */
const QUARTETS = 5;

/** Encrypts counters under keys, both taken word by word. */
export function encrypt<Word>(
  { word, add, xor, rotate }: WordArithmetic<Word>,
  [k0, k1]: Pair<Word>,
  [first, second]: Pair<Word>,
): Pair<Word> {
  const schedule = [k0, k1, xor(xor(k0, k1), word(PARITY))];
  let a = add(first, k0);
  let b = add(second, k1);
  for (let quartet = 1; quartet <= QUARTETS; quartet++) {
    for (const bits of ROTATIONS[(quartet - 1) % 2]) {
      a = add(a, b);
      b = xor(rotate(b, bits), a);
    }
    a = add(a, schedule[quartet % 3]);
    b = add(add(b, schedule[(quartet + 1) % 3]), word(quartet));
  }
  return [a, b];
}
