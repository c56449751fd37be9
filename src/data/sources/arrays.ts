/**
 * @file Images in NumPy arrays: `.npz` files, or `.npy` files beside one another. Which arrays are images and which labels, their
 * types and shapes say; which split they are of, their names or those of their files (`x_train`, `val_images`, `test.npz`).
 */
import { UserError } from "../../errors.js";
import { openBytes, pieces } from "../../io/archives/byte-source.js";
import { openZip } from "../../io/archives/zip.js";
import { parseNpy, readNpyRows } from "../../io/numpy/npy.js";
import { labelsByValues } from "./class-values.js";
import { unusedFiles } from "./files.js";
import { type NamedFile, type NamedFiles, namedFiles } from "./named-files.js";
import { type ArrayShape, arrayShape, planesOf } from "./planes.js";
import type { Reading } from "./reading.js";
import { listingOfRows, MOST_ROWS, partsOfGroups } from "./rows.js";
import type { Listing, PathKind, SourceRecord } from "./source.js";
import { partSuggested } from "./split-names.js";

const isNpy = (name: string): boolean => /\.npy$/i.test(name);
const stemOf = (name: string): string => name.replace(/\.np[yz]$/i, "");
const isArrays = (name: string): boolean => /\.(npz|npy)$/i.test(name);

/** Bytes of the largest array of labels: eight for each of more images than ImageNet has. */
const LARGEST_LABELS = 2 ** 27;

/** One array of a file: what its header says, and its bytes. */
interface NamedArray {
  /** "x_train" of a single `.npz`; with the file's own name before it where there are several: "train/images". */
  name: string;
  /** The `.npz` or folder that it lies in: arrays of one belong together. */
  home: string;
  where: string;
  /** Of its `.npy` form. */
  bytes: number;
  dtype: string;
  shape: number[];
  /** Its `.npy` form in pieces. */
  stream(): AsyncIterable<Uint8Array>;
}

/** An array of images and that of their labels. */
interface Pair {
  images: NamedArray;
  shape: ArrayShape;
  labels?: NamedArray;
}

/** The images of the arrays at a path. */
async function arraysListing(path: string, reading: Reading): Promise<Listing> {
  const opened = await namedFiles(path, isArrays);
  try {
    return await listingOf(path, opened, reading);
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

async function listingOf(path: string, opened: NamedFiles, reading: Reading): Promise<Listing> {
  const { single } = opened;
  const files = single
    ? isNpy(single.name)
      ? opened.files.filter(({ name }) => isNpy(name))
      : [single]
    : opened.files;
  const arrays = (await Promise.all(files.map((file) => arraysOf(file, files.length > 1)))).flat();
  const pairs = pairsOf(
    arrays,
    path,
    single && isNpy(single.name) ? { imageColumn: stemOf(single.name), ...reading } : reading,
  );
  const values = await Promise.all(pairs.map(({ images, labels }) => labels && labelValues(labels, images.shape[0])));
  const where = pairs.flatMap(({ labels }) => (labels ? [labels.name] : [])).join(", ");
  const rows = pairs.flatMap(({ images }) =>
    Array.from({ length: images.shape[0] }, (_, row) => ({
      name: `${images.name}/${String(row).padStart(6, "0")}`,
      group: images.name,
    })),
  );
  const listing = listingOfRows({
    description: "NumPy arrays",
    rows,
    labelling: labelsByValues(
      pairs.flatMap(({ images }, which) => values[which] ?? new Array(images.shape[0]).fill(undefined)),
      `${where} of ${path}`,
    ),
    refused: opened.refused,
    groups: "arrays",
    path,
    notices: pairs.map(
      ({ images, labels }) =>
        `Images by the array ${images.name}, [${images.shape}]${labels ? `; labels by ${labels.name}` : "; no labels"}.`,
    ),
    read: async function* (signal) {
      let start = 0;
      for (const { images, shape } of pairs) {
        for await (const record of imagesOf(images, shape)) {
          signal?.throwIfAborted();
          yield { row: start + record.row, ...record.planes };
        }
        start += images.shape[0];
      }
    },
    close: async () => opened[Symbol.asyncDispose](),
  });
  const { others } = opened;
  const left = others.length > 0 ? [unusedFiles(others, "other file", "other files")] : [];
  return { ...listing, unused: [...(listing.unused ?? []), ...left] };
}

/** Images one by one. */
async function* imagesOf(array: NamedArray, shape: ArrayShape): AsyncGenerator<{ row: number; planes: SourceRecord }> {
  let row = 0;
  const { blocks, rowBytes } = await readNpyRows(array.stream(), array.where);
  for await (const block of blocks) {
    for (let start = 0; start < block.length; start += rowBytes) {
      yield { row: row++, planes: planesOf(block.subarray(start, start + rowBytes), shape) };
    }
  }
}

/** The arrays of a file by their headers; those that are no arrays of numbers are left out. */
async function arraysOf(file: NamedFile, several: boolean): Promise<NamedArray[]> {
  const stem = stemOf(file.name);
  if (isNpy(file.name)) {
    const home = file.name.slice(0, file.name.lastIndexOf("/") + 1);
    const stream = () => streamOf(file);
    return withHeader({ name: stem, home, where: file.where, bytes: file.bytes, stream });
  }
  const source = await file.open();
  const entries = await (async () => {
    await using archive = await openZip(source, file.where);
    return archive.entries.filter(({ name }) => isNpy(name)).map(({ name, bytes }) => ({ name, bytes }));
  })();
  const found: NamedArray[] = [];
  for (const { name: entry, bytes } of entries) {
    const key = stemOf(entry);
    const stream = () => streamOfEntry(source, file.where, entry);
    const name = several ? `${stem}/${key}` : key;
    found.push(...(await withHeader({ name, home: file.name, where: `${entry} of ${file.where}`, bytes, stream })));
  }
  return found;
}

async function withHeader(array: Omit<NamedArray, "dtype" | "shape">): Promise<NamedArray[]> {
  try {
    await using rows = await readNpyRows(array.stream(), array.where, array.bytes);
    return rows.shape[0] <= MOST_ROWS ? [{ ...array, dtype: rows.dtype, shape: rows.shape }] : [];
  } catch (error) {
    if (error instanceof UserError) return []; // text, objects: no images, and nothing that is asked for
    throw error;
  }
}

async function* streamOf(file: NamedFile): AsyncGenerator<Uint8Array> {
  await using bytes = await openBytes(await file.open(), (problem, code = "damaged") => {
    throw new UserError(code, `Expected a NumPy array in ${file.where}, but ${problem}.`);
  });
  yield* pieces(bytes, 0, bytes.size);
}

async function* streamOfEntry(source: string | Uint8Array, where: string, name: string): AsyncGenerator<Uint8Array> {
  await using archive = await openZip(source, where);
  const entry = archive.entries.find((each) => each.name === name);
  if (!entry) throw new UserError("damaged", `Expected ${name} in ${where}, but it has gone since it was listed.`);
  yield* archive.stream(entry);
}

/** Arrays of images, each with its labels: those of the same file, split and length. */
function pairsOf(arrays: readonly NamedArray[], path: string, { imageColumn, labelColumn }: Reading): Pair[] {
  const described =
    arrays.map(({ name, dtype, shape }) => `${name}, ${dtype} [${shape}]`).join("; ") || "none that can be read";
  const refuse = (problem: string): never => {
    throw new UserError(
      "unsupported-format",
      `Expected images as uint8 [N, H, W], [N, H, W, C] or [N, C, H, W] in the arrays of ${path}, but ${problem}. It has ${described}.`,
    );
  };
  const isCalled = ({ name }: NamedArray, wanted: string) => name === wanted || name.endsWith(`/${wanted}`);
  const images = arrays.flatMap((array) => {
    const shape = arrayShape(array.dtype, array.shape);
    if (imageColumn !== undefined && !isCalled(array, imageColumn)) return [];
    return shape ? [{ images: array, shape }] : [];
  });
  if (images.length === 0) refuse(imageColumn === undefined ? "there are none" : `${imageColumn} is not one`);
  const parts = partsOfGroups(images.map(({ images: { name } }) => name));
  const seen = new Set<string>();
  for (const {
    images: { name, home },
  } of images) {
    const place = `${home}\0${parts?.get(name) ?? ""}`;
    if (seen.has(place) && imageColumn === undefined) {
      refuse(`several are: ${images.map((each) => each.images.name).join(", ")}. Name one with \`imageColumn\``);
    }
    seen.add(place);
  }
  if (labelColumn === "none") return images;
  const labels = arrays.filter(
    (array) => isLabels(array) && (labelColumn === undefined || isCalled(array, labelColumn)),
  );
  if (labelColumn !== undefined && labels.length === 0) refuse(`${labelColumn} is no list of whole numbers`);
  return images.map((pair) => {
    const { name, home, shape } = pair.images;
    const near = labels.filter((array) => array.home === home && array.shape[0] === shape[0]);
    const own = near.length === 1 ? near : near.filter((array) => partSuggested(array.name) === partSuggested(name));
    const sure = own.length > 1 ? own.filter((array) => /label|target|class|^y|\/y/i.test(array.name)) : own;
    if (sure.length > 1)
      refuse(
        `labels of ${name} could be ${sure.map((array) => array.name).join(" or ")}. Name one with \`labelColumn\``,
      );
    return { ...pair, labels: sure[0] };
  });
}

const isLabels = ({ dtype, shape }: NamedArray): boolean =>
  ["uint8", "int32", "int64", "bool"].includes(dtype) && (shape.length === 1 || (shape.length === 2 && shape[1] === 1));

async function labelValues(array: NamedArray, count: number): Promise<number[]> {
  const refuse = (problem: string): never => {
    throw new UserError("damaged", `Expected labels in ${array.where}, but it ${problem}.`);
  };
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const piece of array.stream()) {
    length += piece.length;
    if (length > LARGEST_LABELS) refuse(`has more than ${LARGEST_LABELS} bytes`);
    parts.push(piece);
  }
  const { data } = parseNpy(Buffer.concat(parts), refuse);
  if (data.length !== count) refuse(`has ${data.length} labels for ${count} images`);
  return Array.from(data, Number);
}

/** `arrays:PATH`: a `.npz`, a `.npy`, or a folder or an archive of them. */
export const arrays: PathKind = {
  usages: ["arrays:PATH"],
  list: arraysListing,
  recognises: ({ names, beginning }) =>
    beginning ? beginning.toString("latin1", 0, 6) === "\x93NUMPY" : isAll(names, isArrays),
  takes: ["imageColumn", "labelColumn"],
};

/** Whether there are such files, and none that could be an image. */
const isAll = (names: readonly string[], isOne: (name: string) => boolean): boolean =>
  names.some(isOne) &&
  names.every((name) => isOne(name) || /(^|\/)[^.]+$|\.(txt|md|json|csv|ya?ml|html?)$/i.test(name));
