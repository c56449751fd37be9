/**
 * @file NumPy's npz: a zip archive of `.npy` arrays (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html),
 * stored without compression, as evaluators of generative models read it. Read archives may be compressed, and are hostile.
 */
import { unzipSync, Zip, ZipPassThrough } from "fflate";
import { UserError } from "../errors.js";
import { bytesOf, type ElementType, elementBytes, elementCount, type Tensor, tensorFromBytes } from "./tensor.js";

const descriptions: Record<ElementType, string> = {
  float32: "<f4",
  bfloat16: "<V2", // as the package ml_dtypes has it
  float64: "<f8",
  int32: "<i4",
  int64: "<i8",
  uint8: "|u1",
  bool: "|b1",
};
const types = new Map(Object.entries(descriptions).map(([type, description]) => [description, type as ElementType]));

/** Zip stores no earlier date; a fixed one makes the same arrays the same bytes. */
const DATE = new Date("1980-01-01T00:00:00");

/** Zip counts in 32 bits. */
const LARGEST_ARCHIVE = 2 ** 32 - 1;

/** Deflate cannot make bytes more than this many times fewer: an entry that claims more is a bomb. */
const LARGEST_EXPANSION = 1032;

const MAGIC = "\x93NUMPY";

/** Header of the array's `.npy` form, version 1.0, padded so that the elements begin at a multiple of 64 bytes. */
function npyHeader({ dtype, shape }: Tensor): Uint8Array {
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
 * The archive of these arrays, each under its name, as consecutive pieces: the elements' own memory, nothing is copied.
 *
 * @throws UserError when the arrays are larger than an archive can be (4 GiB)
 */
export function encodeNpz(arrays: Record<string, Tensor>): Uint8Array[] {
  const bytes = Object.values(arrays).reduce((sum, { data }) => sum + data.byteLength + 1024, 0);
  if (bytes > LARGEST_ARCHIVE) {
    throw new UserError(
      `Expected arrays of at most 4 GiB for one .npz file, got ${bytes} bytes. Write fewer at a time.`,
    );
  }
  const pieces: Uint8Array[] = [];
  const zip = new Zip((error, piece) => {
    if (error) throw error;
    pieces.push(piece);
  });
  for (const [name, tensor] of Object.entries(arrays)) {
    const entry = new ZipPassThrough(`${name}.npy`);
    entry.mtime = DATE;
    zip.add(entry);
    entry.push(npyHeader(tensor));
    entry.push(bytesOf(tensor), true);
  }
  zip.end();
  return pieces;
}

/**
 * The arrays of an archive by name, without `.npy`.
 *
 * @param where - the file's name, for messages
 * @throws UserError saying what is wrong with the file
 */
export function readNpz(file: Uint8Array, where = "an npz file"): Map<string, Tensor> {
  const refuse = (problem: string): never => {
    throw new UserError(`Expected an .npz file of NumPy arrays in ${where}, but ${problem}.`);
  };
  let entries: Record<string, Uint8Array> = {};
  try {
    entries = unzipSync(file, {
      filter: ({ name, size, originalSize }) => {
        if (originalSize > LARGEST_EXPANSION * size + 64) refuse(`its entry ${name} claims ${originalSize} bytes`);
        return name.endsWith(".npy");
      },
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    return refuse(`it is no whole zip archive (${(error as Error).message})`);
  }
  const arrays = Object.entries(entries).map(([name, bytes]): [string, Tensor] => [
    name.slice(0, -".npy".length),
    parseNpy(bytes, (problem) => refuse(`its array ${name} ${problem}`)),
  ]);
  if (arrays.length === 0) return refuse("it holds no .npy array");
  return new Map(arrays);
}

function parseNpy(bytes: Uint8Array, refuse: (problem: string) => never): Tensor {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const wide = view[6] > 1; // from version 2.0 the header's length has 4 bytes
  const start = wide ? 12 : 10;
  if (view.length < start || view.toString("latin1", 0, 6) !== MAGIC) return refuse("does not begin as NumPy's do");
  const end = start + (wide ? view.readUInt32LE(8) : view.readUInt16LE(8));
  const header = view.toString("latin1", start, Math.min(end, start + 10_000));
  const match = /^\{'descr': ?'([^']*)', 'fortran_order': (True|False), 'shape': \(((?:\d+, ?)*\d*)\),? ?\} *\n?$/.exec(
    header,
  );
  if (match === null) return refuse(`has a header that is not understood: ${header.slice(0, 100)}`);
  const dtype = types.get(match[1]);
  if (dtype === undefined) return refuse(`has elements ${match[1]}; known are ${[...types.keys()].join(", ")}`);
  const shape = match[3].split(",").flatMap((size) => (size.trim() === "" ? [] : [Number(size)]));
  if (match[2] === "True" && shape.length > 1) return refuse("is in Fortran order; save it in C order");
  const needed = elementCount(shape) * elementBytes(dtype);
  if (view.length - end !== needed)
    return refuse(`has ${view.length - end} bytes, its shape [${shape}] needs ${needed}`);
  return tensorFromBytes(dtype, shape, new Uint8Array(view.subarray(end)));
}
