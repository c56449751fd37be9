/**
 * @file One array of NumPy, `.npy` (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): read whole, or
 * row by row as pieces of the file arrive, so that arrays larger than memory can be read. Hostile until parsed.
 */
import { UserError } from "../../errors.js";
import type { Refuse } from "../archives/archive-entry.js";
import { NumpyArray, numpyGlobals } from "../python/array-pickle.js";
import { unpickle } from "../python/pickle.js";
import { shown } from "../python/pickle-text.js";
import { bytesOf, type ElementType, elementBytes, elementCount, type Tensor } from "../tensors/tensor.js";
import { type CheckLength, wholeRows } from "../whole-rows.js";
import { elementType, headerText, littleEndian, type NpyHeader, parseHeader, tensorOf } from "./npy-header.js";

const LARGEST_ROW = 2 ** 26;

/** Bytes of an array in Fortran order, of which no row is whole before all have come. */
const LARGEST_FORTRAN = 2 ** 31 - 1;

/**
 * The array of a whole `.npy` file.
 *
 * @param refuse - throws, given what is wrong with the array
 */
export function parseNpy(bytes: Uint8Array, refuse: Refuse): Tensor {
  const header = parseHeader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), refuse);
  const { type, shape, start } = header;
  const dtype = elementType(type, refuse);
  checkLength(bytes.length - start, elementCount(shape) * elementBytes(dtype), shape, refuse);
  return tensorOf(dtype, header, littleEndian(new Uint8Array(bytes.subarray(start)), type));
}

/** An array that is read in blocks of whole rows, the parts along its first dimension. */
export interface NpyRows extends AsyncDisposable {
  dtype: ElementType;
  shape: number[];
  /** Bytes of one row. */
  rowBytes: number;
  /** Their elements' bytes, little-endian, any number of whole rows at a time; to be iterated once, or disposed. */
  blocks: AsyncIterable<Uint8Array>;
}

/**
 * The header of a `.npy` file that arrives in pieces, and its rows as they arrive: at most a row and a piece are kept.
 *
 * @param where - the array's name, for messages
 * @param bytes - of the file, where that is known
 * @throws UserError saying what is wrong, as far as the header (and the file's size) shows it; iterating throws when rows are missing or too many
 */
export async function readNpyRows(pieces: AsyncIterable<Uint8Array>, where: string, bytes?: number): Promise<NpyRows> {
  const refuse = refuser(where);
  const source = pieces[Symbol.asyncIterator]();
  const close = async () => void (await source.return?.());
  try {
    const { bytes: first, header } = await readHeader(source, refuse);
    const { shape, start } = header;
    const dtype = elementType(header.type, refuse);
    const [count = 1] = shape;
    const rowBytes = elementCount(shape.slice(1)) * elementBytes(dtype);
    if (shape.length === 0 || !Number.isSafeInteger(count * rowBytes)) refuse(`has the shape [${shape}], no rows`);
    if (rowBytes > LARGEST_ROW) refuse(`has rows of ${rowBytes} bytes; at most ${LARGEST_ROW} are read`);
    if (bytes !== undefined) checkLength(bytes - start, count * rowBytes, shape, refuse);
    const [total, rest] = [count * rowBytes, first.subarray(start)];
    if (header.fortran && total > LARGEST_FORTRAN) {
      refuse(`has ${total} bytes in Fortran order; at most ${LARGEST_FORTRAN} are read. Save it in C order`);
    }
    const check: CheckLength = (length, ended) => {
      if (ended || length > total) checkLength(length, total, shape, refuse);
    };
    const blocks = header.fortran
      ? rearranged(dtype, header, wholeRows(rest, source, Math.max(total, 1), check))
      : inOrder(header, wholeRows(rest, source, rowBytes, check));
    return { dtype, shape, rowBytes, blocks, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * The numbers of a one-dimensional `.npy` file of integers, of whatever width and byte order, or of Python's own.
 *
 * @param where - the array's name, for messages
 * @throws UserError when the array is something else, or holds an integer beyond 2⁵³
 */
export function parseNpyIntegers(bytes: Uint8Array, where: string): number[] {
  const refuse = refuser(where);
  const header = parseHeader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), refuse);
  const { type, shape, start } = header;
  if (shape.length !== 1) refuse(`has the shape [${shape}] where a list is needed`);
  const values = type.code === "O" ? pickled(bytes.subarray(start), where, refuse) : packed(bytes, header, refuse);
  if (values.length !== shape[0]) refuse(`has ${values.length} numbers where its shape says ${shape[0]}`);
  return values;
}

const refuser =
  (where: string): Refuse =>
  (problem) => {
    throw new UserError("damaged", `Expected a NumPy array in ${where}, but it ${problem}.`);
  };

function checkLength(length: number, needed: number, shape: readonly number[], refuse: Refuse): void {
  if (length !== needed) refuse(`has ${length} bytes, its shape [${shape}] needs ${needed}`);
}

const integers = new Map<string, (view: DataView, at: number, littleEndian: boolean) => number | bigint>([
  ["i1", (view, at) => view.getInt8(at)],
  ["u1", (view, at) => view.getUint8(at)],
  ["i2", (view, at, little) => view.getInt16(at, little)],
  ["u2", (view, at, little) => view.getUint16(at, little)],
  ["i4", (view, at, little) => view.getInt32(at, little)],
  ["u4", (view, at, little) => view.getUint32(at, little)],
  ["i8", (view, at, little) => view.getBigInt64(at, little)],
  ["u8", (view, at, little) => view.getBigUint64(at, little)],
]);

/** Integers as the header names them: byte order, sign, bytes. */
function packed(bytes: Uint8Array, { type, shape, start }: NpyHeader, refuse: Refuse): number[] {
  const integer = integers.get(type.code) ?? refuse(`has elements ${type.description}, no integers`);
  const [count, width] = [shape[0], Number(type.code[1])];
  checkLength(bytes.length - start, count * width, shape, refuse);
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  return Array.from({ length: count }, (_, index) => exact(integer(view, index * width, !type.bigEndian), refuse));
}

/** Python's integers, which NumPy pickles. */
function pickled(bytes: Uint8Array, where: string, refuse: Refuse): number[] {
  const { value } = unpickle(bytes, { where, globals: numpyGlobals });
  const objects = value instanceof NumpyArray ? value.objects(refuse) : undefined;
  if (objects === undefined) return refuse("is pickled, but no list of Python's numbers");
  return objects.map((object) => exact(object, refuse));
}

function exact(value: unknown, refuse: Refuse): number {
  const number = typeof value === "bigint" ? Number(value) : value;
  return Number.isSafeInteger(number)
    ? (number as number)
    : refuse(`holds ${shown(value)}, which is no integer below 2⁵³`);
}

/** Takes pieces until the header is there. */
async function readHeader(source: AsyncIterator<Uint8Array>, refuse: Refuse) {
  let bytes: Buffer = Buffer.alloc(0);
  const grow = async (least: number) => {
    while (bytes.length < least) {
      const next = await source.next();
      if (next.done) return;
      bytes = Buffer.concat([bytes, next.value]);
    }
  };
  await grow(12);
  await grow(headerText(bytes, refuse).to);
  return { bytes, header: parseHeader(bytes, refuse) };
}

/** Rows as they come, their elements little-endian. */
async function* inOrder({ type }: NpyHeader, blocks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const block of blocks) yield littleEndian(block, type);
}

/** All rows at once, from the one block of an array in Fortran order. */
async function* rearranged(
  dtype: ElementType,
  header: NpyHeader,
  whole: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const block of whole)
    yield bytesOf(tensorOf(dtype, header, littleEndian(new Uint8Array(block), header.type)));
}
