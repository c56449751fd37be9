/**
 * @file IDX, the format of MNIST and its relatives (http://yann.lecun.com/exdb/mnist, "the IDX file format"): two zero bytes, the
 * type of the elements, the number of dimensions, their sizes as big-endian 32-bit numbers, and the elements. Hostile until parsed.
 */
import { UserError } from "../errors.js";
import { type CheckLength, wholeRows } from "./whole-rows.js";

/** Types of elements, by their byte: name and bytes of each. */
const types = new Map<number, [name: string, bytes: number]>([
  [0x08, ["uint8", 1]],
  [0x09, ["int8", 1]],
  [0x0b, ["int16", 2]],
  [0x0c, ["int32", 4]],
  [0x0d, ["float32", 4]],
  [0x0e, ["float64", 8]],
]);

const MOST_DIMENSIONS = 4;
const LARGEST_ROW = 2 ** 26;

/** Whether a file begins as IDX: its type and number of dimensions are ones that exist. */
export const isIdx = (begin: Uint8Array): boolean =>
  begin.length >= 4 &&
  begin[0] === 0 &&
  begin[1] === 0 &&
  types.has(begin[2]) &&
  begin[3] >= 1 &&
  begin[3] <= MOST_DIMENSIONS;

/** An array that is read in blocks of whole rows, the parts along its first dimension. */
export interface IdxRows {
  dtype: string;
  shape: number[];
  rowBytes: number;
  /** Any number of whole rows at a time; to be iterated once. */
  blocks: AsyncIterable<Uint8Array>;
}

/**
 * The header of an IDX file that arrives in pieces, and its rows as they arrive: at most a row and a piece are kept.
 *
 * @param where - the file's name, for messages
 * @throws UserError saying what is wrong with the header; iterating throws when rows are missing or too many
 */
export async function readIdxRows(pieces: AsyncIterable<Uint8Array>, where: string): Promise<IdxRows> {
  const refuse = (problem: string): never => {
    throw new UserError("damaged", `Expected IDX in ${where}, but it ${problem}.`);
  };
  const source = pieces[Symbol.asyncIterator]();
  let bytes = Buffer.alloc(0);
  const grow = async (least: number) => {
    while (bytes.length < least) {
      const next = await source.next();
      if (next.done) return refuse(`has ${bytes.length} bytes, too few for its header`);
      bytes = Buffer.concat([bytes, next.value]);
    }
  };
  await grow(4);
  if (!isIdx(bytes)) refuse(`begins with the bytes ${bytes.toString("hex", 0, 4)}, which no IDX file does`);
  const [dtype, width] = types.get(bytes[2])!;
  const start = 4 + 4 * bytes[3];
  await grow(start);
  const shape = Array.from({ length: bytes[3] }, (_, at) => bytes.readUInt32BE(4 + 4 * at));
  const rowBytes = shape.slice(1).reduce((product, size) => product * size, width);
  if (rowBytes > LARGEST_ROW) refuse(`has rows of ${rowBytes} bytes; at most ${LARGEST_ROW} are read`);
  const total = shape[0] * rowBytes;
  const check: CheckLength = (length, ended) => {
    if (length > total || (ended && length < total)) {
      refuse(
        `has ${length > total ? "more than " : ""}${Math.min(length, total)} bytes of numbers, its shape [${shape}] needs ${total}`,
      );
    }
  };
  return { dtype, shape, rowBytes, blocks: wholeRows(bytes.subarray(start), source, rowBytes, check) };
}
