/**
 * @file Which faces are left out. A face is drawn whole or not at all, so every class has as many pictures as any other.
 *
 * 1. It cannot be read, lacks a character, or has an empty one (`drawFace`).
 * 2. Two of its characters are one: less than 1.5 % of their ink differs.
 * 3. It vanishes at 32 pixels: the twelve darkest pixels of a character are covered by less than half on average.
 * 4. It cannot be told: fewer than 26 of its 36 characters are read right, each as the nearest of the other families'.
 * 5. It is a copy: less than 3 % of its ink differs from that of a face before it.
 *
 * Ink is compared at 16×16 pixels a character: the sum of all differences over the sum of all coverage.
 */
import { CELL, characters } from "../../src/data/sources/glyph-sheets.js";

/** A face drawn. */
export interface Face {
  family: string;
  name: string;
  sha256: string;
  /** Coverage, [36, 64, 64], 0 … 15. */
  masks: Uint8Array;
}

/** Share of ink below which two characters are one, or two faces. */
const SAME_CHARACTER = 0.015;
const SAME_FACE = 0.03;

/** Mean coverage, of 1, that so many of the darkest pixels of a character must have at 32×32. */
const LEAST_INK = 0.5;
const DARKEST = 12;

/** Characters of 36 that must be read right. */
const LEAST_READ = 26;

/** Coverage of a face in larger cells, added up, [36, side, side]. */
function averaged(masks: Uint8Array, side: number): Int16Array {
  const cells = new Int16Array(characters.length * side ** 2);
  const step = CELL / side;
  for (let place = 0; place < masks.length; place++) {
    const [column, row, cell] = [place % CELL, Math.floor(place / CELL) % CELL, Math.floor(place / CELL ** 2)];
    cells[(cell * side + Math.floor(row / step)) * side + Math.floor(column / step)] += masks[place];
  }
  return cells;
}

/** Cells to compare, and how much ink they have in all. */
export interface Ink {
  cells: Int16Array;
  total: number;
}

const inkOf = (cells: Int16Array): Ink => ({ cells, total: cells.reduce((total, value) => total + value, 0) });

/** The ink of a face at 16×16 pixels a character. */
export const faceInk = ({ masks }: Pick<Face, "masks">): Ink => inkOf(averaged(masks, 16));

/** Share of ink that differs; where it is more than `most`, at least that. */
export function difference({ cells: a, total: inA }: Ink, { cells: b, total: inB }: Ink, most = 1): number {
  const total = inA + inB;
  let different = 0;
  for (let place = 0; place < a.length && different <= most * total; ) {
    for (const end = Math.min(place + 256, a.length); place < end; place++) different += Math.abs(a[place] - b[place]);
  }
  return different / total;
}

/** Two characters that are one, if there are any. */
export function indistinct(face: Face): string | undefined {
  const { cells } = faceInk(face);
  const inks = characters.map((_, index) => inkOf(cells.subarray(index * 256, (index + 1) * 256)));
  for (const [a, one] of characters.entries()) {
    for (let b = a + 1; b < characters.length; b++) {
      if (difference(inks[a], inks[b]) < SAME_CHARACTER) return `${one} and ${characters[b]} are one`;
    }
  }
  return undefined;
}

/** A character whose strokes vanish at 32 pixels, if there is any. */
export function faint(face: Face): string | undefined {
  const side = CELL / 2;
  const cells = averaged(face.masks, side);
  for (const [index, character] of characters.entries()) {
    const pixels = cells.slice(index * side ** 2, (index + 1) * side ** 2).sort();
    const ink = pixels.slice(-DARKEST).reduce((total, value) => total + value, 0) / (DARKEST * 4 * 15);
    if (ink < LEAST_INK) return `${character} has strokes of ${Math.round(100 * ink)} % at 32 pixels`;
  }
  return undefined;
}

/** How many characters of every face are read right: as the nearest, at 8×8 pixels, of all faces of other families. */
export function charactersRead(faces: readonly Face[]): number[] {
  const size = 64;
  const width = characters.length * size;
  const cells = new Int16Array(faces.length * width);
  for (const [index, { masks }] of faces.entries()) {
    const inOrder = averaged(masks, 8);
    for (let place = 0; place < width; place++) {
      const scattered = place - (place % size) + ((37 * place) % size); // so that a few already tell most apart
      cells[index * width + scattered] = inOrder[place];
    }
  }
  const nearest = (face: number, character: number): number => {
    const from = face * width + character * size;
    let least = Number.POSITIVE_INFINITY;
    let found = -1;
    for (let turn = 0; turn < characters.length; turn++) {
      const guess = (character + turn) % characters.length; // itself first: most are it, and the others then need not be compared whole
      for (let other = 0; other < faces.length; other++) {
        if (faces[other].family === faces[face].family) continue;
        const to = other * width + guess * size;
        let distance = 0;
        for (let place = 0; place < size && distance < least; ) {
          for (const end = place + 8; place < end; place++) distance += (cells[from + place] - cells[to + place]) ** 2;
        }
        if (distance < least) [least, found] = [distance, guess];
      }
    }
    return found;
  };
  return faces.map((_, face) => characters.filter((_, character) => nearest(face, character) === character).length);
}

/** Whether so many characters read right are too few. */
export const cannotBeTold = (read: number): string | undefined =>
  read < LEAST_READ ? `${read} of ${characters.length} characters can be told` : undefined;

/** The first of `before` that a face is a copy of. */
export function copied(ink: Ink, before: readonly { name: string; ink: Ink }[]): string | undefined {
  const original = before.find((other) => difference(ink, other.ink, SAME_FACE) < SAME_FACE);
  return original && `it is a copy of ${original.name}`;
}
