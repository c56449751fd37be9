/**
 * @file The colours of the embedded glyphs: ink on paper, one of them dark and one light, each of any of twelve hues, half of the
 * papers and a quarter of the inks in a gradient to a hue nearby. What a glyph gets follows from its name alone, and all of it is
 * computed in whole numbers, so that pixels are the same on every machine.
 */
import { createHash } from "node:crypto";
import { CELL, LEVELS } from "./glyph-sheets.js";

type Colour = readonly [red: number, green: number, blue: number];

const colours = (list: string): Colour[] =>
  list.split(" ").map((hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Colour);

/**
 * Hues 30° apart in OKLCH from 15° on, dark ones of lightness 0.42 and light ones of 0.85, as colourful as sRGB allows up to a
 * chroma of 0.18 and 0.14. Any dark and any light one have a contrast of at least 4.5, which WCAG 2.2 asks of text (1.4.3).
 */
export const palette = {
  dark: colours("92002e 803200 694501 554f02 2c5b01 015c41 055959 04556d 004b96 4931a8 701c8e 890163"),
  light: colours("ffb8bc febc9f ffc167 dbd35c a5e283 64eab7 27eaea 83dcfe aed1fe c8c7fe e9b8ff feb3dd"),
};
const HUES = 12;

/** How many hues away the other end of a gradient is. */
const GRADIENT_HUES = 2;

/** A colour, or a gradient of two. */
type Tone = readonly [from: Colour, to: Colour];

/** How a glyph is coloured. */
export interface Colouring {
  paper: Tone;
  ink: Tone;
  /** Which way gradients run, 0 … 7: to the right, and on counter-clockwise, an eighth of a turn each. */
  direction: number;
}

/** The colouring of a glyph, by its name. */
export function colouringOf(name: string): Colouring {
  const draws = createHash("sha256").update(name).digest();
  const tone = (colours: readonly Colour[], at: number, gradients: number): Tone => {
    const hue = draws.readUInt16LE(at) % HUES;
    const way = draws[at + 2] >= 256 * gradients ? 0 : draws[at + 3] % 2 ? GRADIENT_HUES : HUES - GRADIENT_HUES;
    return [colours[hue], colours[(hue + way) % HUES]];
  };
  const [paper, ink] = draws[0] % 2 ? [palette.dark, palette.light] : [palette.light, palette.dark];
  return { paper: tone(paper, 4, 0.5), ink: tone(ink, 8, 0.25), direction: draws[1] % 8 };
}

/** Steps of a gradient from one end to the other. */
export const STEPS = 2 * (CELL - 1);

/** A colour on the way from one to the other, `step` of `steps`. */
export const between = (from: number, to: number, step: number, steps: number): number =>
  Math.floor((from * (steps - step) + to * step + (steps >> 1)) / steps);

/** How far along the gradient every pixel lies, 0 … STEPS, for each direction: [8][64 · 64]. */
const slopes = Array.from({ length: 8 }, (_, direction) =>
  Uint8Array.from({ length: CELL ** 2 }, (_, place) => {
    const [right, up] = [place % CELL, CELL - 1 - Math.floor(place / CELL)];
    const step = [2 * right, right + up, 2 * up, up + CELL - 1 - right][direction % 4];
    return direction < 4 ? step : STEPS - step;
  }),
);

const flat = new Uint8Array(CELL ** 2);

/**
 * A glyph in colour.
 *
 * @param mask - coverage by ink, [64, 64], 0 … 15
 * @returns uint8 [3, 64, 64]
 */
export function colourGlyph(mask: Uint8Array, { paper, ink, direction }: Colouring): Uint8Array {
  const size = CELL ** 2;
  const plain = paper[0] === paper[1] && ink[0] === ink[1];
  const slope = plain ? flat : slopes[direction];
  const last = plain ? 0 : STEPS;
  const pixels = new Uint8Array(3 * size);
  const blends = new Uint8Array((STEPS + 1) * LEVELS); // by step of the gradient and by coverage
  for (let channel = 0; channel < 3; channel++) {
    for (let step = 0; step <= last; step++) {
      const below = between(paper[0][channel], paper[1][channel], step, STEPS);
      const above = between(ink[0][channel], ink[1][channel], step, STEPS);
      for (let level = 0; level < LEVELS; level++) {
        blends[step * LEVELS + level] = between(below, above, level, LEVELS - 1);
      }
    }
    for (let place = 0; place < size; place++) {
      pixels[channel * size + place] = blends[slope[place] * LEVELS + mask[place]];
    }
  }
  return pixels;
}
