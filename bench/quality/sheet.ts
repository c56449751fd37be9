/** @file The first samples of every setting, none picked, as one picture. */
import { writeFileSync } from "node:fs";
import { imageRows } from "../../src/inference/picture-grid.js";

/** Rows of the first images of each set, [count, 3, R, R] uint8, with what stands left of them. */
export async function writeSheet(
  path: string,
  rows: readonly { name: string; images: Uint8Array }[],
  { columns, resolution }: { columns: number; resolution: number },
): Promise<void> {
  const size = columns * 3 * resolution ** 2;
  const images = new Uint8Array(rows.length * size);
  for (const [index, row] of rows.entries()) images.set(row.images.subarray(0, size), index * size);
  const cells = rows.map((_, row) => Array.from({ length: columns }, (_, column) => row * columns + column));
  const pictures = { images, count: rows.length * columns, resolution };
  writeFileSync(path, await imageRows(pictures, cells, { scale: 1, rowLabels: rows.map(({ name }) => name) }));
}
