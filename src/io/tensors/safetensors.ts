/**
 * @file Safetensors (https://github.com/huggingface/safetensors): 8 bytes header length, a JSON header, then the elements.
 *
 * Written files depend on nothing but the tensors: sorted by size of element, then by name, so that without holes every
 * tensor is aligned; the header is padded with spaces to a multiple of 8. Read files are hostile until parsed: whatever
 * the reference refuses is refused.
 */
import { createHash } from "node:crypto";
import { fstatSync, readSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { z } from "zod";
import { type ErrorCode, readFailure, UserError } from "../../errors.js";
import { parseUniqueJson } from "../files/json.js";
import { bytesOf, type ElementType, elementBytes, elementCount, type Tensor, tensorFromBytes } from "./tensor.js";

const codes: Record<ElementType, string> = {
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  float64: "F64",
  int32: "I32",
  int64: "I64",
  uint8: "U8",
  bool: "BOOL",
};
const types = new Map(Object.entries(codes).map(([type, code]) => [code, type as ElementType]));

/** The reference's limit on headers. */
const LARGEST_HEADER = 100_000_000;

const METADATA = "__metadata__";
const size = z.int().nonnegative();
const entrySchema = z.strictObject({ dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]) });
const metadataSchema = z.record(z.string(), z.string());

export interface SafetensorsFile {
  tensors: Map<string, Tensor>;
  metadata: Record<string, string>;
}

/** Where a tensor lies: `from` … `to` count bytes from the end of the header where nothing else is said. */
export interface Place {
  name: string;
  dtype: ElementType;
  shape: number[];
  from: number;
  to: number;
}

type Refuse = (problem: string) => never;

/** The file for these tensors; the same tensors and metadata give the same bytes. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Record<string, string> = {},
): Uint8Array {
  return Buffer.concat(safetensorsPieces(tensors, metadata));
}

/**
 * The file for these tensors as consecutive pieces, which are the tensors' own memory: for writing files of gigabytes.
 *
 * @throws Error when a tensor's elements do not fill its shape
 */
export function safetensorsPieces(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Record<string, string> = {},
): Uint8Array[] {
  const sorted = [...tensors].sort(
    ([a, { dtype: typeA }], [b, { dtype: typeB }]) => elementBytes(typeB) - elementBytes(typeA) || (a < b ? -1 : 1),
  );
  for (const [name, { shape, data }] of sorted) {
    if (name === METADATA || elementCount(shape) !== data.length) {
      throw new Error(`Tensor "${name}": expected elements for shape [${shape}], got ${data.length}.`);
    }
  }
  const descriptions = sorted.map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  return [safetensorsHeader(descriptions, { metadata }), ...sorted.map(([, tensor]) => bytesOf(tensor))];
}

/**
 * What stands before the elements of tensors that follow one another in this order, for files whose elements are written
 * elsewhere.
 *
 * @param bytes - the length it is to have, padded with spaces; without, the next multiple of 8
 * @throws Error when it needs more than `bytes`
 */
export function safetensorsHeader(
  tensors: readonly { name: string; dtype: ElementType; shape: readonly number[] }[],
  { metadata = {}, bytes }: { metadata?: Record<string, string>; bytes?: number } = {},
): Uint8Array {
  let end = 0;
  const entries = tensors.map(({ name, dtype, shape }): [string, unknown] => {
    const from = end;
    end += elementCount(shape) * elementBytes(dtype);
    return [name, { dtype: codes[dtype], shape, data_offsets: [from, end] }];
  });
  const notes = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  if (notes.length > 0) entries.unshift([METADATA, Object.fromEntries(notes)]);
  const text = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = bytes ?? 8 + Math.ceil(text.length / 8) * 8;
  if (8 + text.length > length)
    throw new Error(`Expected a header of at most ${length} bytes, got ${8 + text.length}.`);
  const header = Buffer.alloc(length, " ");
  header.writeBigUInt64LE(BigInt(length - 8));
  text.copy(header, 8);
  return header;
}

/**
 * Where the tensors of an open file lie: `from` … `to` count bytes from the beginning of the file.
 *
 * @param where - the file's name, for messages
 * @throws UserError saying what is wrong with the file
 */
export function readSafetensorsPlaces(file: number, where: string): Place[] {
  const refuse = refuser(where);
  const { size: total } = fstatSync(file);
  const read = (count: number, from: number) => {
    const bytes = new Uint8Array(count);
    return bytes.subarray(0, readSync(file, bytes, 0, count, from));
  };
  const length = headerLength(read(8, 0), total, refuse);
  const start = 8 + length;
  const { places } = parseHeader(read(length, 8), total - start, refuse);
  return places.map((place) => ({ ...place, from: start + place.from, to: start + place.to }));
}

/**
 * The tensors of a file in memory.
 *
 * @param where - the file's name, for messages
 * @throws UserError saying what is wrong with the file
 */
export function readSafetensors(file: Uint8Array, where = "a safetensors file"): SafetensorsFile {
  const refuse = refuser(where);
  const length = headerLength(file.subarray(0, 8), file.length, refuse);
  const data = file.subarray(8 + length);
  const { places, metadata } = parseHeader(file.subarray(8, 8 + length), data.length, refuse);
  const read = ({ name, dtype, shape, from, to }: Place): [string, Tensor] => [
    name,
    tensorFromBytes(dtype, shape, new Uint8Array(data.subarray(from, to))),
  ];
  return { tensors: new Map(places.map(read)), metadata };
}

/**
 * The tensors of a file on disk, read one by one: no second copy in memory, and no limit of size.
 *
 * @returns also the SHA-256 of the file, in hexadecimal
 * @throws UserError when there is no such file, or saying what is wrong with it
 */
export async function readSafetensorsFile(path: string): Promise<SafetensorsFile & { sha256: string }> {
  const unreadable = (problem: string, code: ErrorCode = "unreadable"): never => {
    throw new UserError(code, `Expected a safetensors file at ${path}, but it cannot be opened: ${problem}.`);
  };
  const status = await stat(path).catch((error: Error) => unreadable(error.message, readFailure(error)));
  if (!status.isFile()) return unreadable("it is no file"); // to open a pipe could take for ever
  await using file = await open(path, "r").catch((error: Error) => unreadable(error.message));
  const refuse = refuser(path);
  const hash = createHash("sha256");
  const next = async (count: number) => {
    const bytes = await readExactly(file, count, refuse);
    hash.update(bytes);
    return bytes;
  };
  const { size: total } = await file.stat();
  const length = headerLength(await next(Math.min(8, total)), total, refuse);
  const { places, metadata } = parseHeader(await next(length), total - 8 - length, refuse);
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, from, to } of places) {
    tensors.set(name, tensorFromBytes(dtype, shape, await next(to - from)));
  }
  return { tensors, metadata, sha256: hash.digest("hex") };
}

const refuser =
  (where: string): Refuse =>
  (problem) => {
    throw new UserError(
      "damaged",
      `Expected a whole safetensors file in ${where}, but ${problem}. The file may be cut off or damaged.`,
    );
  };

/** The next bytes of a file, in memory of their own. */
async function readExactly(file: FileHandle, count: number, refuse: Refuse): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(count);
  for (let filled = 0; filled < count; ) {
    const { bytesRead } = await file.read(bytes, filled, Math.min(count - filled, 2 ** 30));
    if (bytesRead === 0) refuse("it became shorter while it was read");
    filled += bytesRead;
  }
  return bytes;
}

function headerLength(bytes: Uint8Array, fileSize: number, refuse: Refuse): number {
  if (bytes.length < 8) refuse(`it has ${bytes.length} bytes`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > LARGEST_HEADER || Number(length) > fileSize - 8) refuse(`its header claims ${length} bytes`);
  return Number(length);
}

/** Places in the order of the data, which they fill without overlap or hole. */
function parseHeader(bytes: Uint8Array, dataSize: number, refuse: Refuse) {
  const { [METADATA]: notes = {}, ...entries } = parseUniqueJson(bytes, refuse);
  const metadata = metadataSchema.safeParse(notes);
  if (!metadata.success) return refuse("its metadata is not a list of texts");
  const places = Object.entries(entries).map(([name, entry]) => parsePlace(name, entry, refuse));
  places.sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  for (const { name, from, to } of places) {
    if (from !== end) refuse(`the tensor "${name}" begins at ${from}, where ${end} is next (an overlap or a hole)`);
    if (to > dataSize) refuse(`the tensor "${name}" ends at ${to}, the data at ${dataSize}`);
    end = to;
  }
  if (end !== dataSize) refuse(`${dataSize - end} bytes follow the last tensor`);
  return { places, metadata: metadata.data };
}

function parsePlace(name: string, entry: unknown, refuse: Refuse): Place {
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success) return refuse(`its entry "${name}" is malformed`);
  const { shape, dtype: code, data_offsets } = parsed.data;
  const [from, to] = data_offsets;
  const dtype = types.get(code);
  if (dtype === undefined) {
    return refuse(`the tensor "${name}" has elements of type ${code}; known are ${[...types.keys()].join(", ")}`);
  }
  const bytes = elementCount(shape) * elementBytes(dtype);
  if (!Number.isSafeInteger(bytes)) refuse(`the tensor "${name}" is too large`);
  if (to - from !== bytes) refuse(`the tensor "${name}" has ${to - from} bytes, its shape needs ${bytes}`);
  return { name, dtype, shape, from, to };
}
