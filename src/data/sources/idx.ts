/**
 * @file Images in IDX files, as MNIST and its relatives come (Fashion-MNIST, EMNIST, KMNIST, QMNIST): `train-images-idx3-ubyte` and
 * `train-labels-idx1-ubyte`, `t10k-…` for testing, gzipped or not.
 */
import { createReadStream } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { UserError } from "../../errors.js";
import { LARGEST_EXPANSION } from "../../io/archives/archive-entry.js";
import { type IdxRows, isIdx, readIdxRows } from "../../io/idx.js";
import { labelsByValues } from "./class-values.js";
import { type NamedFile, type NamedFiles, namedFiles } from "./named-files.js";
import { type ArrayShape, arrayShape, planesOf } from "./planes.js";
import { listingOfRows, MOST_ROWS } from "./rows.js";
import type { Listing, PathKind } from "./source.js";

const isIdxName = (name: string): boolean => /(idx\d[-.]u?byte|\.idx\d?)(\.gz)?$/i.test(name);

/** More labels are refused: no set of this format has as many. */
const MOST_LABELS = 2 ** 26;

const unzipped = (name: string): string => name.replace(/\.gz$/i, "");

/** What a file of labels is called beside one of images: `labels` for `images`, `idx1` for `idx3`. */
const labelsBeside = (name: string): string =>
  unzipped(name)
    .replace(/images?/i, "labels")
    .replace(/idx\d/i, "idx1");

async function idxListing(path: string): Promise<Listing> {
  const opened = await namedFiles(path, isIdxName);
  try {
    return await listingOf(path, opened);
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}

/** A file of images, and that of their labels. */
interface Pair {
  file: NamedFile;
  count: number;
  shape: ArrayShape;
  labels?: NamedFile;
}

async function listingOf(path: string, opened: NamedFiles): Promise<Listing> {
  const isPacked = ({ name }: NamedFile) => unzipped(name) !== name;
  const { files, single } = opened;
  const byName = new Map<string, NamedFile>(); // what lies there packed and unpacked counts once
  for (const file of [
    ...files.filter(isPacked),
    ...files.filter((each) => !isPacked(each)),
    ...(single ? [single] : []),
  ]) {
    byName.set(unzipped(file.name), file);
  }
  const pairs: Pair[] = [];
  for (const [name, file] of [...byName].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (single && file !== single) continue;
    await using rows = await openRows(file);
    if (rows.shape.length === 1) continue;
    const shape = arrayShape(rows.dtype, rows.shape);
    if (!shape) return refuse(path, `${file.name} holds ${rows.dtype} [${rows.shape}], no images of uint8 [N, H, W]`);
    expectRoom(file, rows);
    pairs.push({ file, count: rows.shape[0], shape, labels: byName.get(labelsBeside(name)) });
  }
  if (pairs.length === 0) return refuse(path, "there are none");
  const values = await Promise.all(pairs.map(({ labels, count }) => labels && labelValues(labels, count)));
  return listingOfRows({
    description: "IDX files",
    rows: pairs.flatMap(({ file, count }) =>
      Array.from({ length: count }, (_, row) => ({
        name: `${unzipped(file.name)}/${String(row).padStart(6, "0")}`,
        group: unzipped(file.name),
      })),
    ),
    labelling: labelsByValues(
      pairs.flatMap(({ count }, which) => values[which] ?? new Array(count).fill(undefined)),
      `the labels of ${path}`,
    ),
    refused: opened.refused,
    groups: "files",
    path,
    notices: pairs.map(
      ({ file, labels }) => `Images by ${file.name}${labels ? `, labels by ${labels.name}` : ", no labels"}.`,
    ),
    read: async function* (signal) {
      let row = 0;
      for (const { file, shape } of pairs) {
        await using rows = await openRows(file);
        for await (const block of rows.blocks) {
          for (let start = 0; start < block.length; start += rows.rowBytes) {
            signal?.throwIfAborted();
            yield { row: row++, ...planesOf(block.subarray(start, start + rows.rowBytes), shape) };
          }
        }
      }
    },
    close: async () => opened[Symbol.asyncDispose](),
  });
}

function refuse(path: string, problem: string): never {
  throw new UserError(
    "unsupported-format",
    `Expected images in IDX files at ${path}, as train-images-idx3-ubyte.gz, but ${problem}.`,
  );
}

/** @throws UserError where a file claims more images than its bytes can hold, or than are read */
function expectRoom({ where, bytes, name }: NamedFile, { shape, rowBytes }: IdxRows): void {
  const most = unzipped(name) === name ? bytes : bytes * LARGEST_EXPANSION;
  if (shape[0] * rowBytes <= most && shape[0] <= MOST_ROWS) return;
  throw new UserError(
    "damaged",
    `Expected IDX in ${where}, but its shape [${shape}] needs ${shape[0] * rowBytes} bytes, and the file has ${bytes}.`,
  );
}

/** The rows of a file, unpacked as they are read where it is gzipped. */
async function openRows(file: NamedFile): Promise<IdxRows & AsyncDisposable> {
  const source = await file.open();
  const raw = typeof source === "string" ? createReadStream(source) : Readable.from(inPieces(source));
  const zipped = /\.gz$/i.test(file.name);
  const stream = zipped ? pipeline(raw, createGunzip(), () => {}) : raw;
  const close = async () => {
    raw.destroy();
    stream.destroy();
  };
  try {
    const rows = await readIdxRows(explained(stream, file.where), file.where);
    return { ...rows, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What a stream says is wrong, as an error of the file. */
async function* explained(stream: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw new UserError("damaged", `Expected IDX in ${where}, but it cannot be read: ${(error as Error).message}.`);
  }
}

function* inPieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 2 ** 20) yield bytes.subarray(at, at + 2 ** 20);
}

async function labelValues(file: NamedFile, count: number): Promise<number[]> {
  await using rows = await openRows(file);
  const { dtype, shape } = rows;
  const problem = (what: string): never => {
    throw new UserError(
      "unsupported-format",
      `Expected ${count} labels, whole numbers, in ${file.where}, but it holds ${what}.`,
    );
  };
  if (shape.length !== 1 || !["uint8", "int32", "int16"].includes(dtype)) problem(`${dtype} [${shape}]`);
  if (shape[0] !== count || count > MOST_LABELS) problem(`${shape[0]}`);
  const values: number[] = [];
  for await (const block of rows.blocks) {
    const view = Buffer.from(block.buffer, block.byteOffset, block.length);
    for (let at = 0; at < block.length; at += rows.rowBytes) {
      values.push(dtype === "uint8" ? block[at] : dtype === "int16" ? view.readInt16BE(at) : view.readInt32BE(at));
    }
  }
  return values;
}

/** `idx:PATH`: a file of images, with its labels beside it, or a folder or an archive of such files. */
export const idx: PathKind = {
  usages: ["idx:PATH"],
  list: idxListing,
  recognises: ({ names, beginning }) =>
    beginning ? isIdx(beginning) : names.some((name) => isIdxName(name) && /images?/i.test(name)),
};
