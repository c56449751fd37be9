/** @file Where the attention layers of a level stand among its blocks. */

/** Rounds to the nearest integer and halves to the even one, as Python does. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Evenly spaced places `round(N / (K + 1) · i)`, i = 1 … K, halves rounded to even; equal ones may occur. */
export function evenlySpaced(length: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => roundHalfToEven((length / (count + 1)) * (i + 1)));
}

/**
 * Indices (from 0) of the blocks that an attention layer follows.
 *
 * The same places count blocks from 0 in the encoder and stochastic layers from 1 in the generator, as published; places
 * that coincide, or that no block has, hold no layer of their own.
 */
export function attentionPlaces(length: number, count: number): { encoder: number[]; generator: number[] } {
  const places = [...new Set(evenlySpaced(length, count))];
  const existing = (indices: number[]) => indices.filter((index) => index >= 0 && index < length);
  return { encoder: existing(places), generator: existing(places.map((place) => place - 1)) };
}

/** Places of blocks, attention layers and resampling in one list where an attention layer follows each block of `places`. */
export function listPlaces(blocks: number, places: number[]) {
  const shift = (index: number) => places.filter((place) => place < index).length;
  return {
    blocks: Array.from({ length: blocks }, (_, index) => index + shift(index)),
    attention: places.map((place, earlier) => place + earlier + 1),
    resampling: blocks + places.length,
  };
}
