/** @file Grids of images as PNG files: samples, reconstructions under their originals, formation group by group. */
import type { Images } from "../data/image-set.js";
import { escapeText } from "../io/markup.js";

/** How a sheet of pictures looks. */
export interface GridOptions {
  /** Side of an image's pixel in the PNG, so that small images can be seen; nearest neighbour. Default: images of 64 pixels or more. */
  scale?: number;
  /** Written left of each row, in the margin. */
  rowLabels?: string[];
  /** Written above each column, in the margin; may have several lines. */
  columnLabels?: string[];
}

/** Pixels between images, and round the grid. */
const GAP = 2;
/** Pixels more between a pair of rows and the next. */
const PAIR_GAP = 3 * GAP;
/** Mean width of a letter, per font size. */
const LETTER = 0.62;
/** Light grey: white images stand out from it on a dark page, and it does not glare on a white one. */
const PAPER = 226;
const INK = "#3f3f46";

/** Where images go: `cells[row][column]` is an index into the pictures, or null for an empty place. */
interface Layout {
  cells: (number | null)[][];
  /** Rows belong together two by two; a wider gap sets pairs apart. */
  pairs?: boolean;
}

/**
 * Images in rows, first row first.
 *
 * @param columns - images a row; the last row may be shorter
 * @returns PNG file
 * @throws RangeError when there are no images or their bytes do not fit `count` and `resolution`
 */
export async function imageGrid(pictures: Images, columns: number, options: GridOptions = {}): Promise<Uint8Array> {
  const width = Math.max(1, Math.min(columns, pictures.count));
  const cells = Array.from({ length: Math.ceil(pictures.count / width) }, (_, row) =>
    Array.from({ length: width }, (_, column) => placed(row * width + column, pictures.count)),
  );
  return draw(pictures, { cells }, options);
}

/**
 * Rows that need not be equally long.
 *
 * @param rows - indices of the images of each row
 * @returns PNG file
 */
export async function imageRows(pictures: Images, rows: number[][], options: GridOptions = {}): Promise<Uint8Array> {
  const columns = Math.max(...rows.map((row) => row.length));
  return draw(
    pictures,
    { cells: rows.map((row) => Array.from({ length: columns }, (_, c) => row[c] ?? null)) },
    options,
  );
}

/** Pairs of rows: originals above their reconstructions. Both must be equally many and equally large. */
export async function reconstructionGrid(
  originals: Images,
  reconstructions: Images,
  columns: number,
  options: GridOptions = {},
): Promise<Uint8Array> {
  const { count } = originals;
  const both = concatenate([originals, reconstructions]);
  const width = Math.max(1, Math.min(columns, count));
  const cells = Array.from({ length: 2 * Math.ceil(count / width) }, (_, row) =>
    Array.from({ length: width }, (_, column) => {
      const index = placed(Math.floor(row / 2) * width + column, count);
      return index === null ? null : index + (row % 2) * count;
    }),
  );
  return draw(both, { cells, pairs: true }, options);
}

/** A row per image, a column per stage of its making; `columnLabels` say which. All stages must be equally many and large. */
export async function formationGrid(stages: Images[], options: GridOptions = {}): Promise<Uint8Array> {
  const all = concatenate(stages);
  const count = all.count / stages.length;
  const cells = Array.from({ length: count }, (_, row) => stages.map((_, stage) => stage * count + row));
  return draw(all, { cells }, options);
}

function placed(index: number, count: number): number | null {
  return index < count ? index : null;
}

/** The pictures of several sets, which must be equally many and large, one set after another. */
export function concatenate(parts: readonly Images[]): Images {
  if (parts.length === 0) throw new RangeError("a grid needs images, got none");
  const [{ count, resolution }] = parts;
  for (const part of parts) {
    if (part.count === count && part.resolution === resolution) continue;
    throw new RangeError(
      `images of one grid must be equally many and large, got ${count} of ${resolution}×${resolution} and ${part.count} of ${part.resolution}×${part.resolution}`,
    );
  }
  const images = new Uint8Array(parts.reduce((length, part) => length + part.images.length, 0));
  let offset = 0;
  for (const part of parts) {
    images.set(part.images, offset);
    offset += part.images.length;
  }
  return { images, count: count * parts.length, resolution };
}

async function draw(pictures: Images, { cells, pairs }: Layout, options: GridOptions): Promise<Uint8Array> {
  const { images, count, resolution } = pictures;
  if (count === 0 || images.length !== count * 3 * resolution ** 2) {
    throw new RangeError(
      `expected ${count} images of 3×${resolution}×${resolution} bytes, at least one, got ${images.length} bytes`,
    );
  }
  const scale = options.scale ?? Math.max(1, Math.ceil(64 / resolution));
  const side = resolution * scale;
  const columns = cells[0].length;
  const across = GAP + columns * (side + GAP);

  const letters = longest(options.rowLabels);
  const headings = (options.columnLabels ?? []).map((label) => label.split("\n"));
  const fitting = Math.floor(side / Math.max(1, longest(headings.flat()) * LETTER)); // what columns have room for
  const fontSize = Math.max(10, Math.min(fitting, Math.max(12, Math.round(across / 36)))); // readable when a narrow page shrinks the picture
  const left = letters === 0 ? 0 : Math.ceil(letters * fontSize * LETTER) + 8;
  const lines = Math.max(0, ...headings.map(({ length }) => length));
  const lineHeight = fontSize + 4;
  const top = lines === 0 ? 0 : lines * lineHeight + 6;

  const x = (column: number) => left + GAP + column * (side + GAP);
  const y = (row: number) => top + GAP + row * (side + GAP) + (pairs ? PAIR_GAP * Math.floor(row / 2) : 0);
  const width = left + across;
  const height = y(cells.length - 1) + side + GAP;

  const canvas = Buffer.alloc(width * height * 3, PAPER);
  cells.forEach((row, r) => {
    row.forEach((index, c) => {
      if (index !== null) paint(canvas, width, pictures, index, { x: x(c), y: y(r), scale });
    });
  });

  const labels = [
    ...headings.flatMap((heading, c) =>
      heading.map((line, l) => text(line, x(c) + side / 2, (l + 1) * lineHeight, "middle", fontSize)),
    ),
    ...(options.rowLabels ?? []).map((label, r) =>
      text(label, left - 6, y(r) + (side + fontSize * 0.7) / 2, "end", fontSize),
    ),
  ];
  const { default: sharp } = await import("sharp");
  const picture = sharp(canvas, { raw: { width, height, channels: 3 } });
  if (labels.length > 0) {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${labels.join("")}</svg>`;
    picture.composite([{ input: Buffer.from(svg) }]).removeAlpha();
  }
  return new Uint8Array(await picture.png({ compressionLevel: 9 }).toBuffer());
}

function longest(labels: string[] = []): number {
  return Math.max(0, ...labels.map((label) => label.length));
}

/** Copies one planar image into the interleaved canvas, every pixel as a square of `scale`. */
function paint(
  canvas: Buffer,
  width: number,
  { images, resolution }: Images,
  index: number,
  at: { x: number; y: number; scale: number },
): void {
  const plane = resolution ** 2;
  const side = resolution * at.scale;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const pixel = Math.floor(row / at.scale) * resolution + Math.floor(column / at.scale);
      const target = ((at.y + row) * width + at.x + column) * 3;
      for (let channel = 0; channel < 3; channel++) {
        canvas[target + channel] = images[(index * 3 + channel) * plane + pixel];
      }
    }
  }
}

function text(label: string, x: number, y: number, anchor: "middle" | "end", size: number): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-family="sans-serif" font-size="${size}" fill="${INK}">${escapeText(label)}</text>`;
}
