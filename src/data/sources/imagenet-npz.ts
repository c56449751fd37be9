/**
 * @file The official downsampled ImageNet (https://arxiv.org/abs/1707.08819): `.npz` files with `data`, uint8 [N, 3·R·R] of
 * planes in red, green, blue, and `labels` 1 … 1000. They have up to 1.6 GB each and are read row by row.
 */
import { join } from "node:path";
import { UserError } from "../../errors.js";
import { openZip, type ZipArchive, type ZipEntry } from "../../io/archives/zip.js";
import { parseNpyIntegers, readNpyRows } from "../../io/numpy/npy.js";
import type { SourceFile } from "./files.js";
import { baseName } from "./labels.js";
import { officialSplits, type Part } from "./published.js";
import type { Listing, SourceContent } from "./source.js";

const CLASSES = 1000;
/** Bytes of the largest list of labels: eight for each of more images than ImageNet has. */
const LARGEST_LABELS = 2 ** 26;
/** Bytes of the largest file that is taken into memory, where it lies in an archive itself. */
const LARGEST_INNER = 2 ** 31 - 1;

/** Arrays of a file; others, as `mean`, are not read. */
const DATA = "data.npy";
const LABELS = "labels.npy";

/** Whether a collection's file is one of the downsampled ImageNet's. */
export const isNpz = (name: string): boolean => /\.npz$/i.test(name);
/** Whether it is called as its authors call them. */
export const isOfficialNpz = (name: string): boolean => /(^|\/)(train_data(_batch_\d+)?|val_data)\.npz$/i.test(name);
/** Whether these are the files of one `.npz` itself. */
export const isInsideNpz = (names: readonly string[]): boolean => names.includes(DATA) && names.includes(LABELS);

/** One `.npz` file. */
export interface NpzSource {
  /** As messages call it. */
  where: string;
  /** Without folder and extension. */
  name: string;
  open(): Promise<ZipArchive>;
}

/** A file on disk. */
export const npzAt = (path: string): NpzSource => ({ where: path, name: stem(path), open: () => openZip(path) });

/** A file of a folder, or of an archive, from which it is taken into memory. */
export function npzIn({ collection, name }: SourceFile): NpzSource {
  if (collection.kind === "folder") return npzAt(join(collection.path, name));
  const where = `${name} of ${collection.path}`;
  const open = async () => {
    for await (const content of collection.read(new Set([name]), { largest: LARGEST_INNER })) {
      if ("bytes" in content) return openZip(content.bytes, where);
      throw new UserError(
        "unreadable",
        `Expected to read ${where}, but ${content.error}. Unpack ${collection.path} and give the folder.`,
      );
    }
    throw new Error(`${where} is not there.`);
  };
  return { where, name: stem(name), open };
}

const stem = (name: string): string => baseName(name.replaceAll("\\", "/")).replace(/\.npz$/i, "");

/** "val_data" holds the images that everyone tests on; anything else is trained on. */
const partOf = (name: string): Part => (/^(val|test)/i.test(name) ? "test" : "train");

/**
 * The images of some files, with classes that are called by the data set's own numbers, "1" … "1000".
 *
 * @param resolution - which all images must have: by default that of the first file
 * @throws UserError saying what is wrong with a file
 */
export async function npzListing(
  sources: readonly NpzSource[],
  resolution?: number,
): Promise<Pick<Listing, "classes" | "images" | "read">> {
  const ordered = [...sources].sort(byNumber);
  const listed: { name: string; part: Part; label: number }[] = [];
  const starts: number[] = []; // index of every file's first image
  let actual = resolution;
  for (const source of ordered) {
    starts.push(listed.length);
    const { labels, resolution: found } = await readLabels(source, actual);
    actual = found;
    labels.forEach((label, row) => {
      const name = `${source.name}/${String(row).padStart(6, "0")}`;
      listed.push({ name, part: partOf(source.name), label: label - 1 });
    });
  }
  const splits = officialSplits(listed);
  return {
    classes: Array.from({ length: CLASSES }, (_, label) => `${label + 1}`),
    images: listed.map(({ name, label }, index) => ({ name, label, ...splits[index] })),
    read: async function* (signal): AsyncGenerator<SourceContent> {
      for (const [file, source] of ordered.entries()) {
        let index = starts[file];
        for await (const pixels of readRows(source, actual!, (starts[file + 1] ?? listed.length) - index)) {
          signal?.throwIfAborted();
          yield { index: index++, pixels, width: actual!, height: actual! };
        }
      }
    },
  };
}

/** Batch 10 behind batch 9, and what has no number behind both. */
function byNumber({ name: a }: NpzSource, { name: b }: NpzSource): number {
  const numberIn = (name: string): number => Number(/\d+$/.exec(name)?.[0] ?? Number.MAX_VALUE);
  return numberIn(a) - numberIn(b) || (a < b ? -1 : 1);
}

type Refuse = (problem: string) => never;

const refuser =
  ({ where }: NpzSource): Refuse =>
  (problem) => {
    throw new UserError(
      "unsupported-format",
      `Expected downsampled ImageNet in ${where}, an .npz of data, uint8 [N, 3·R·R], and labels, but ${problem}.`,
    );
  };

const entryCalled = ({ entries }: ZipArchive, name: string, refuse: Refuse): ZipEntry =>
  entries.find((entry) => entry.name === name) ?? refuse(`it has no ${name}`);

/** Labels 1 … 1000 of a file whose data are seen to be what they must, as far as their header says, and its resolution. */
async function readLabels(source: NpzSource, resolution?: number): Promise<{ labels: number[]; resolution: number }> {
  const refuse = refuser(source);
  await using archive = await source.open();
  const entry = entryCalled(archive, LABELS, refuse);
  const bytes = await archive.read(entry, { largest: LARGEST_LABELS });
  const labels = parseNpyIntegers(bytes, `${LABELS} of ${source.where}`);
  const wrong = labels.findIndex((label) => label < 1 || label > CLASSES);
  if (wrong >= 0) refuse(`the label of image ${wrong} is ${labels[wrong]}; there are 1 … ${CLASSES}`);
  await using rows = await openRows(archive, source, resolution, labels.length);
  return { labels, resolution: resolutionOf(rows) };
}

async function openRows(archive: ZipArchive, source: NpzSource, resolution: number | undefined, count: number) {
  const refuse = refuser(source);
  const entry = entryCalled(archive, DATA, refuse);
  const rows = await readNpyRows(archive.stream(entry), `${DATA} of ${source.where}`);
  const problem = problemOf(rows, resolution, count);
  if (problem === undefined) return rows;
  await rows[Symbol.asyncDispose]();
  return refuse(problem);
}

interface Data {
  dtype: string;
  shape: number[];
}

const resolutionOf = ({ shape }: Data): number => Math.sqrt(shape[1] / 3);

function problemOf(data: Data, resolution: number | undefined, count: number): string | undefined {
  const { dtype, shape } = data;
  const actual = resolutionOf(data);
  if (dtype !== "uint8" || shape.length !== 2 || !Number.isInteger(actual)) return `its data are ${dtype} [${shape}]`;
  if (shape[0] !== count) return `it has ${shape[0]} images and ${count} labels`;
  if (actual === (resolution ?? actual)) return undefined;
  return `its images are ${actual}×${actual}, not ${resolution}×${resolution}`;
}

/** Images of a file one by one, uint8 [3, R, R]. */
async function* readRows(source: NpzSource, resolution: number, count: number): AsyncGenerator<Uint8Array> {
  await using archive = await source.open();
  const { blocks, rowBytes } = await openRows(archive, source, resolution, count);
  for await (const block of blocks) {
    for (let start = 0; start < block.length; start += rowBytes) yield block.subarray(start, start + rowBytes);
  }
}
