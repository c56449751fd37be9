/** @file Samples into files, by the extension of `--out`: a PNG grid, an npz of arrays, or a folder of PNG files. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import type { Images } from "../../data/image-set.js";
import { UserError } from "../../errors.js";
import { type GridOptions, imageGrid, imageRows, reconstructionGrid } from "../../inference/picture-grid.js";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import { encodeNpz } from "../../io/numpy/npz.js";
import { interleaved } from "../../io/pixels.js";
import { checkFilePlace, checkFolderPlace, isFolder, makeFolder } from "../options/output-place.js";

/** Where images stand in a grid: in rows of so many, or in rows that say which; default nearly square. */
export interface SampleLayout extends GridOptions {
  columns?: number;
  rows?: number[][];
  /** The same pictures otherwise drawn, which a grid shows above each row. */
  above?: Images;
}

/** How samples are written. */
type OutputKind = "grid" | "npz" | "folder";

/**
 * What `--out` asks for.
 *
 * @throws UserError for an extension that is none of these
 */
function outputKind(out: string): OutputKind {
  if (out.endsWith("/")) return "folder";
  const extension = extname(out).toLowerCase();
  if (extension === ".png") return "grid";
  if (extension === ".npz") return "npz";
  if (extension === "" || isFolder(out)) return "folder";
  throw new UserError(
    "invalid-options",
    `--out ${out}: expected FILE.png for a grid, FILE.npz for arrays, or FOLDER/ for PNG files, got ${extension}.`,
  );
}

/**
 * Checks before the work that samples can be written.
 *
 * @returns what the user should know of what is there already
 * @throws UserError when they cannot
 */
export function checkOutput(out: string): string[] {
  if (outputKind(out) === "folder") {
    checkFolderPlace(out);
    const there = existsSync(out) ? readdirSync(out).length : 0;
    return there > 0 ? [`${out} is not empty: images of the same number are replaced, its other files stay.`] : [];
  }
  checkFilePlace(out);
  return existsSync(out) ? [`${out} is there already: it will be replaced.`] : [];
}

/**
 * Writes samples: as a grid; as `arr_0` uint8 [N,R,R,3] with labels as `arr_1`; or as `000000.png`, ….
 *
 * @param labels - [N], or length 0
 * @throws UserError when the place cannot be written
 */
export async function saveSamples(
  samples: Images,
  labels: Int32Array,
  out: string,
  { rows, above, columns = Math.ceil(Math.sqrt(samples.count)), ...grid }: SampleLayout = {},
): Promise<void> {
  const kind = outputKind(out);
  const { count, resolution } = samples;
  makeFolder(kind === "folder" ? out : dirname(out));
  if (kind === "grid" && above) {
    return writeFileAtomic(out, await reconstructionGrid(above, samples, columns, grid));
  }
  if (kind === "grid") {
    return writeFileAtomic(out, await (rows ? imageRows(samples, rows, grid) : imageGrid(samples, columns, grid)));
  }
  const pixels = interleaved(samples);
  if (kind === "npz") {
    const arrays = [{ dtype: "uint8" as const, shape: [count, resolution, resolution, 3], data: pixels }];
    const named = labels.length > 0 ? [...arrays, { dtype: "int32" as const, shape: [count], data: labels }] : arrays;
    return writeFileAtomic(out, encodeNpz(Object.fromEntries(named.map((array, index) => [`arr_${index}`, array]))));
  }
  const digits = Math.max(6, String(count - 1).length);
  const { default: sharp } = await import("sharp");
  for (let index = 0; index < count; index++) {
    const size = resolution ** 2 * 3;
    const raw = { width: resolution, height: resolution, channels: 3 as const };
    const png = await sharp(pixels.subarray(index * size, (index + 1) * size), { raw })
      .png()
      .toBuffer();
    await writeFileAtomic(join(out, `${String(index).padStart(digits, "0")}.png`), png);
  }
}
