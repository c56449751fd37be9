/** @file A face drawn: how much of every pixel its letters and digits cover. */
import opentype, { type Path } from "opentype.js";
import sharp from "sharp";
import { CELL, characters, LEVELS } from "../../src/data/sources/glyph-sheets.js";

/** Height of H, and the largest width and height of any character, in pixels of a cell. */
const CAP_HEIGHT = 42;
const WIDEST = 56;
const TALLEST = 54;

/** Pixels a side that are averaged to one. */
const OVERSAMPLING = 4;

/** Units an em, in which outlines are taken. */
const EM = 1000;

/**
 * Coverage of every character's pixels, [36, 64, 64], 0 … 15. All characters of a face have one scale, by the height of H, unless
 * one would leave its cell; each stands in the middle of its own.
 *
 * @returns why the face cannot be drawn, instead
 */
export async function drawFace(bytes: Buffer): Promise<Uint8Array | string> {
  const font = opentype.parse(new Uint8Array(bytes).buffer);
  const paths: { character: string; path: Path }[] = [];
  for (const character of characters) {
    const glyph = font.charToGlyph(character);
    if (glyph.index === 0) return `it lacks ${character}`;
    paths.push({ character, path: glyph.getPath(0, 0, EM) });
  }
  const capHeight = heightOf(paths[characters.indexOf("H")].path);
  const placed: string[] = [];
  for (const [index, { character, path }] of paths.entries()) {
    const { x1, x2, y1, y2 } = path.getBoundingBox();
    if (!(x2 > x1 && y2 > y1)) return `${character} is empty`;
    const scale = OVERSAMPLING * Math.min(CAP_HEIGHT / capHeight, WIDEST / (x2 - x1), TALLEST / (y2 - y1));
    const x = OVERSAMPLING * CELL * (index + 0.5) - (scale * (x1 + x2)) / 2;
    const y = OVERSAMPLING * CELL * 0.5 - (scale * (y1 + y2)) / 2;
    placed.push(`<path transform="translate(${x} ${y}) scale(${scale})" d="${path.toPathData(2)}"/>`);
  }
  return coverage(placed.join(""));
}

function heightOf(path: Path): number {
  const { y1, y2 } = path.getBoundingBox();
  return y2 - y1;
}

/** Draws shapes on a row of cells, averages, and counts in levels. */
async function coverage(shapes: string): Promise<Uint8Array> {
  const [width, height] = [characters.length * CELL * OVERSAMPLING, CELL * OVERSAMPLING];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%"/><g fill="#fff">${shapes}</g></svg>`;
  const drawn = await sharp(Buffer.from(svg), { unlimited: true }).extractChannel(0).raw().toBuffer();
  const masks = new Uint8Array(characters.length * CELL * CELL);
  const full = (255 * OVERSAMPLING ** 2) / (LEVELS - 1);
  for (let place = 0; place < masks.length; place++) {
    const [cell, row, column] = [Math.floor(place / CELL ** 2), Math.floor(place / CELL) % CELL, place % CELL];
    const from = OVERSAMPLING * (row * width + cell * CELL + column);
    let sum = 0;
    for (let y = 0; y < OVERSAMPLING; y++) {
      for (let x = 0; x < OVERSAMPLING; x++) sum += drawn[from + y * width + x];
    }
    masks[place] = Math.round(sum / full);
  }
  return masks;
}
