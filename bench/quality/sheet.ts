/** @file The first samples of several sets, none picked, as one picture. */
import { writeFileSync } from "node:fs";
import { imageRows } from "../../src/inference/picture-grid.js";

/** Letters in a row. */
const COLUMNS = 18;

/** Rows of the first images of each set, [count, 3, R, R] uint8, with what stands left of them. */
export async function writeSheet(
  path: string,
  rows: readonly { name: string; images: Uint8Array }[],
  resolution: number,
): Promise<void> {
  const size = COLUMNS * 3 * resolution ** 2;
  const images = new Uint8Array(rows.length * size);
  for (const [index, row] of rows.entries()) images.set(row.images.subarray(0, size), index * size);
  const cells = rows.map((_, row) => Array.from({ length: COLUMNS }, (_, column) => row * COLUMNS + column));
  const pictures = { images, count: rows.length * COLUMNS, resolution };
  writeFileSync(path, await imageRows(pictures, cells, { rowLabels: rows.map(({ name }) => name) }));
}
