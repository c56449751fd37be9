/**
 * @file One array of NumPy, `.npy` (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): read whole, or
 * row by row as pieces of the file arrive, so that arrays larger than memory can be read. Hostile until parsed.
 */
import { UserError } from "../errors.js";
import { NumpyArray, numpyGlobals } from "./numpy-pickle.js";
import { unpickle } from "./pickle.js";
import { shown } from "./pickle-text.js";
import { type ElementType, elementBytes, elementCount, type Tensor, tensorFromBytes } from "./tensor.js";

type Refuse = (problem: string) => never;

const descriptions: Record<ElementType, string> = {
  float32: "<f4",
  float16: "<f2",
  bfloat16: "<V2", // as the package ml_dtypes has it
  float64: "<f8",
  int32: "<i4",
  int64: "<i8",
  uint8: "|u1",
  bool: "|b1",
};
const types = new Map(Object.entries(descriptions).map(([type, description]) => [description, type as ElementType]));

const MAGIC = "\x93NUMPY";
/** NumPy's own limit: it reads longer ones only when told that the file is trusted. */
const LONGEST_HEADER = 10_000;
const LARGEST_ROW = 2 ** 26;

/** What a header says, and at which byte the elements begin. */
interface Header {
  /** NumPy's name of the type of the elements: byte order, kind and bytes. */
  type: string;
  shape: number[];
  start: number;
}

/** Header of the array's `.npy` form, version 1.0, padded so that the elements begin at a multiple of 64 bytes. */
export function npyHeader({ dtype, shape }: Tensor): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descriptions[dtype]}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, " ");
  header.write(`${MAGIC}\x01\x00`, "latin1");
  header.writeUInt16LE(length, 8);
  header.write(text, 10, "latin1");
  header.write("\n", 10 + length - 1);
  return header;
}

/**
 * The array of a whole `.npy` file.
 *
 * @param refuse - throws, given what is wrong with the array
 */
export function parseNpy(bytes: Uint8Array, refuse: Refuse): Tensor {
  const { type, shape, start } = parseHeader(bytes, refuse);
  const dtype = elementType(type, refuse);
  checkLength(bytes.length - start, elementCount(shape) * elementBytes(dtype), shape, refuse);
  return tensorFromBytes(dtype, shape, new Uint8Array(bytes.subarray(start)));
}

/** An array that is read in blocks of whole rows, the parts along its first dimension. */
export interface NpyRows {
  dtype: ElementType;
  shape: number[];
  /** Bytes of one row. */
  rowBytes: number;
  /** Their elements' bytes, any number of whole rows at a time; to be iterated once, or closed. */
  blocks: AsyncIterable<Uint8Array>;
  close(): Promise<void>;
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
    const blocks = wholeRows(first.subarray(start), source, rowBytes, (length, ended) => {
      if (ended || length > count * rowBytes) checkLength(length, count * rowBytes, shape, refuse);
    });
    return { dtype, shape, rowBytes, blocks, close };
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
  const header = parseHeader(bytes, refuse);
  const { type, shape, start } = header;
  if (shape.length !== 1) refuse(`has the shape [${shape}] where a list is needed`);
  const values = type === "|O" ? pickled(bytes.subarray(start), where, refuse) : packed(bytes, header, refuse);
  if (values.length !== shape[0]) refuse(`has ${values.length} numbers where its shape says ${shape[0]}`);
  return values;
}

const refuser =
  (where: string): Refuse =>
  (problem) => {
    throw new UserError(`Expected a NumPy array in ${where}, but it ${problem}.`);
  };

function elementType(type: string, refuse: Refuse): ElementType {
  return types.get(type) ?? refuse(`has elements ${type}; known are ${[...types.keys()].join(", ")}`);
}

function checkLength(length: number, needed: number, shape: readonly number[], refuse: Refuse): void {
  if (length !== needed) refuse(`has ${length} bytes, its shape [${shape}] needs ${needed}`);
}

/** Where the text of the header lies, by the first twelve bytes of the file; behind it the elements begin. */
function headerText(file: Buffer, refuse: Refuse): { from: number; to: number } {
  const wide = file[6] > 1; // from version 2.0 the header's length has 4 bytes
  const from = wide ? 12 : 10;
  if (file.length < from || file.toString("latin1", 0, 6) !== MAGIC) return refuse("does not begin as NumPy's do");
  const to = from + (wide ? file.readUInt32LE(8) : file.readUInt16LE(8));
  if (to > LONGEST_HEADER) refuse(`has a header of ${to} bytes; at most ${LONGEST_HEADER} are read`);
  return { from, to };
}

function parseHeader(bytes: Uint8Array, refuse: Refuse): Header {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { from, to } = headerText(file, refuse);
  const text = file.toString("latin1", from, to);
  const match = /^\{'descr': ?'([^']*)', 'fortran_order': (True|False), 'shape': \(((?:\d+, ?)*\d*)\),? ?\} *\n?$/.exec(
    text,
  );
  if (match === null) return refuse(`has a header that is not understood: ${text.slice(0, 100)}`);
  const shape = match[3].split(",").flatMap((size) => (size.trim() === "" ? [] : [Number(size)]));
  if (match[2] === "True" && shape.length > 1) return refuse("is in Fortran order; save it in C order");
  return { type: match[1], shape, start: to };
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
function packed(bytes: Uint8Array, { type, shape, start }: Header, refuse: Refuse): number[] {
  const integer = integers.get(type.slice(1)) ?? refuse(`has elements ${type}, no integers`);
  const [count, width] = [shape[0], Number(type[2])];
  checkLength(bytes.length - start, count * width, shape, refuse);
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  return Array.from({ length: count }, (_, index) => exact(integer(view, index * width, type[0] !== ">"), refuse));
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

/** Cuts pieces at the ends of rows; `check` is given how many bytes there were so far, and whether these were all. */
async function* wholeRows(
  first: Uint8Array,
  source: AsyncIterator<Uint8Array>,
  rowBytes: number,
  check: (length: number, ended: boolean) => void,
): AsyncGenerator<Uint8Array> {
  let begun: Uint8Array[] = [first]; // of a row that is not whole
  let left = 0;
  let length = 0;
  try {
    for (let piece: Uint8Array | undefined = first; piece !== undefined; ) {
      length += piece.length;
      check(length, false);
      left += piece.length;
      if (rowBytes > 0 && left >= rowBytes) {
        const block: Uint8Array = begun.length === 1 ? begun[0] : Buffer.concat(begun);
        const whole = left - (left % rowBytes);
        yield block.subarray(0, whole);
        begun = [block.subarray(whole)];
        left -= whole;
      }
      const next: IteratorResult<Uint8Array> = await source.next();
      piece = next.done ? undefined : next.value;
      if (piece !== undefined) begun.push(piece);
    }
    check(length, true);
  } finally {
    await source.return?.();
  }
}
