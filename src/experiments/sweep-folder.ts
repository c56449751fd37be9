/**
 * @file What a sweep saves: `sweep.json`, its settings, and for each cell that is measured `cells/NAME.json`, the numbers,
 * and `cells/NAME.npz`, some of its samples. A cell is there whole or not at all, and one of other settings is not taken.
 */

import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isUint8Array } from "node:util/types";
import { z } from "zod";
import type { Images } from "../data/image-set.js";
import { UserError } from "../errors.js";
import { makeFolderSynced, removeUnfinished, writeFileAtomic } from "../io/files/atomic-file.js";
import { parseJson } from "../io/files/json.js";
import { encodeNpz, readNpz } from "../io/numpy/npz.js";
import { type QualityValue, qualityMetrics } from "../quality/quality.js";
import { cellName, type SweepCell } from "./sweep-grid.js";

/** What all cells have in common, by name: the model, the reference, how samples are drawn and measured. */
export type SweepSettings = Record<string, string | number>;

/** What was measured of one cell. */
export interface CellResult extends SweepCell {
  /** In the order asked for; empty when drawing failed. */
  quality: QualityValue[];
  /** Values that guidance would have carried beyond all bounds, and that were clamped. */
  clamped: number;
  /** It took to draw and measure. */
  seconds: number;
  /** Why there are no numbers. */
  failure?: string;
}

/** A cell with its first samples; without them where drawing failed. */
export interface SavedCell {
  result: CellResult;
  pictures?: Images;
}

const FORMAT = 1;
/** Larger files were not written by us. */
const LARGEST_FILE = 2 ** 26;

const settingsSchema = z.strictObject({
  format: z.literal(FORMAT),
  settings: z.record(z.string(), z.union([z.string(), z.number()])),
});

const cellSchema = z.strictObject({
  format: z.literal(FORMAT),
  settingsSha256: z.string(),
  mean: z.number(),
  variance: z.number(),
  seed: z.int(),
  quality: z.array(
    z.strictObject({
      metric: z.enum(qualityMetrics),
      name: z.string(),
      value: z
        .number()
        .nullable() // JSON knows no NaN
        .transform((value) => value ?? Number.NaN),
      standardDeviation: z.number().optional(),
    }),
  ),
  clamped: z.int().nonnegative(),
  seconds: z.number().nonnegative(),
  failure: z.string().optional(),
});

/** The place of a sweep's cells. */
export interface SweepFolder {
  cells: string;
  settingsSha256: string;
}

/**
 * Opens a folder for a sweep of these settings, making it if need be.
 *
 * @throws UserError when it holds a sweep of other settings, naming them, or cannot be read or written
 */
export async function openSweepFolder(folder: string, settings: SweepSettings): Promise<SweepFolder> {
  const cells = join(folder, "cells");
  await makeFolderSynced(cells);
  await removeUnfinished(cells);
  const path = join(folder, "sweep.json");
  const text = await readSmall(path);
  if (text === undefined) await writeFileAtomic(path, jsonFile({ format: FORMAT, settings }));
  else checkSame(parseSettings(text, path), settings, folder);
  return { cells, settingsSha256: digestOf(settings) };
}

function parseSettings(bytes: Uint8Array, path: string): SweepSettings {
  const refuse = (problem: string): never => {
    throw new UserError(
      "damaged",
      `Expected the settings of a sweep in ${path}, but ${problem}. Give another folder as \`out\`.`,
    );
  };
  const { data } = settingsSchema.safeParse(parseJson(bytes, refuse));
  return data?.settings ?? refuse("it holds something else");
}

function checkSame(there: SweepSettings, now: SweepSettings, folder: string): void {
  const show = (value: string | number | undefined) => value ?? "nothing";
  const names = [...new Set([...Object.keys(there), ...Object.keys(now)])];
  const lines = names
    .filter((name) => there[name] !== now[name])
    .map((name) => `  ${name}: ${show(there[name])} there, ${show(now[name])} now`);
  if (lines.length === 0) return;
  throw new UserError(
    "mismatch",
    `Expected the settings that the cells in ${folder} were measured with, got others:\n${lines.join("\n")}\n` +
      "Give the same settings to continue that sweep, or another folder as `out` to begin a new one.",
  );
}

/** A cell as it was saved; undefined when it was not, or not whole, or is of other settings: then it is to be measured. */
export async function readCell(folder: SweepFolder, cell: SweepCell): Promise<SavedCell | undefined> {
  const path = join(folder.cells, cellName(cell));
  const text = await readSmall(`${path}.json`);
  if (text === undefined) return undefined;
  try {
    const { format, settingsSha256, ...result } = cellSchema.parse(JSON.parse(new TextDecoder().decode(text)));
    if (settingsSha256 !== folder.settingsSha256 || cellName(result) !== cellName(cell)) return undefined;
    if (result.failure !== undefined) return { result };
    const archive = await readSmall(`${path}.npz`);
    return archive && { result, pictures: picturesOf(archive) };
  } catch {
    return undefined;
  }
}

/** Saves a cell. Its numbers are written last: they say that it is complete. */
export async function writeCell(folder: SweepFolder, { result, pictures }: SavedCell): Promise<void> {
  const path = join(folder.cells, cellName(result));
  if (pictures) {
    const { images, count, resolution } = pictures;
    const shape = [count, 3, resolution, resolution];
    await writeFileAtomic(`${path}.npz`, encodeNpz({ pictures: { dtype: "uint8", shape, data: images } }));
  }
  await writeFileAtomic(`${path}.json`, jsonFile({ format: FORMAT, settingsSha256: folder.settingsSha256, ...result }));
}

function picturesOf(archive: Uint8Array): Images {
  const { dtype, shape, data } = readNpz(archive).get("pictures") ?? {};
  const [count, channels, resolution, width] = shape ?? [];
  if (dtype !== "uint8" || channels !== 3 || width !== resolution || !isUint8Array(data)) {
    throw new RangeError("expected pictures of a cell");
  }
  return { images: data, count, resolution };
}

const jsonFile = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);

/** Equal for equal settings, whatever their order. */
const digestOf = (settings: SweepSettings): string =>
  createHash("sha256")
    .update(JSON.stringify(Object.entries(settings).toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .digest("hex");

/** The file's bytes; undefined when there is none. */
async function readSmall(path: string): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(path);
    if (size > LARGEST_FILE)
      throw new UserError("too-large", `Expected a file of a sweep in ${path}, got one of ${size} bytes.`);
    return await readFile(path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new UserError("unreadable", `Expected to read ${path}, but that failed: ${(error as Error).message}.`);
  }
}
