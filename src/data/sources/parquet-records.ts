/** @file Images of a row group as records of a source. */
import type { ImageBlock } from "./parquet-reader.js";
import { arrayShape, planesOf } from "./planes.js";
import type { SourceRecord } from "./source.js";

/** The image of a row of a block. */
export function imageRecord({ bytes: all, ends, images }: ImageBlock, row: number): SourceRecord {
  const { shape, error } = images[row];
  const bytes = all.subarray(ends[row - 1] ?? 0, ends[row]);
  if (error !== undefined) return { error };
  if (shape === undefined) return { encoded: bytes };
  const found = arrayShape("uint8", [1, ...(shape.length === 1 ? squareOf(shape[0]) : shape)]);
  return found ? planesOf(bytes, found) : { error: `its shape is [${shape}], that of no image` };
}

/** The shape of an image whose numbers lie in one row: square, grey or of three colours beside one another. */
function squareOf(count: number): number[] {
  const [grey, colour] = [Math.sqrt(count), Math.sqrt(count / 3)];
  return Number.isInteger(grey) ? [grey, grey] : Number.isInteger(colour) ? [colour, colour, 3] : [count];
}
