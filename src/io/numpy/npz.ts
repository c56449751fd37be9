/**
 * @file NumPy's npz: a zip archive of `.npy` arrays (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html),
 * stored without compression, as evaluators of generative models read it. Read archives may be compressed, and are hostile.
 */
import { unzipSync, Zip, ZipPassThrough } from "fflate";
import { UserError } from "../../errors.js";
import { LARGEST_EXPANSION } from "../archives/archive-entry.js";
import { type RowTensor, rowBytes, type WrittenRows } from "../tensors/row-file.js";
import { bytesOf, type Tensor } from "../tensors/tensor.js";
import { parseNpy } from "./npy.js";
import { npyHeader } from "./npy-header.js";

/** Zip stores no earlier date; a fixed one makes the same arrays the same bytes. */
const DATE = new Date("1980-01-01T00:00:00");

/** Zip counts in 32 bits. */
const LARGEST_ARCHIVE = 2 ** 32 - 1;

/**
 * The archive of these arrays, each under its name, as consecutive pieces: the elements' own memory, nothing is copied.
 *
 * @throws UserError when the arrays are larger than an archive can be (4 GiB)
 */
export function encodeNpz(arrays: Record<string, Tensor>): Uint8Array[] {
  checkSize(Object.values(arrays).map(({ data }) => data.byteLength));
  const archive = new Archive();
  for (const [name, tensor] of Object.entries(arrays)) archive.add(`${name}.npy`, [npyHeader(tensor), bytesOf(tensor)]);
  return archive.end();
}

/** Bytes of rows that are in memory at a time. */
const READ_AT_ONCE = 2 ** 22;

/**
 * The archive of rows that lie in a file, an array a tensor, and their metadata as `metadata.json`; never whole in memory.
 *
 * @throws UserError when the rows are larger than an archive can be (4 GiB); the signal's reason when aborted
 */
export async function* npzOfRows(
  { content, read }: WrittenRows,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const { tensors, rows, metadata } = content;
  checkSize(tensors.map((tensor) => rows * rowBytes(tensor)));
  const archive = new Archive();
  for (const [index, tensor] of tensors.entries()) {
    const entry = archive.begin(`${tensor.name}.npy`);
    entry.push(npyHeader({ ...tensor, shape: [rows, ...tensor.shape] }));
    const atOnce = rowsAtOnce(tensor);
    for (let first = 0; first < rows; first += atOnce) {
      signal?.throwIfAborted();
      entry.push(await read(index, first, Math.min(atOnce, rows - first)));
      yield* archive.taken();
    }
    entry.push(new Uint8Array(0), true);
  }
  archive.add("metadata.json", [Buffer.from(JSON.stringify(metadata))]);
  yield* archive.end();
}

const rowsAtOnce = (tensor: RowTensor): number => Math.max(1, Math.floor(READ_AT_ONCE / rowBytes(tensor)));

function checkSize(arrays: readonly number[]): void {
  const bytes = arrays.reduce((sum, length) => sum + length + 1024, 0);
  if (bytes <= LARGEST_ARCHIVE) return;
  throw new UserError(
    "too-large",
    `Expected arrays of at most 4 GiB for one .npz file, got ${bytes} bytes. Write fewer at a time.`,
  );
}

/** A zip archive without compression as the pieces that it is made of. */
class Archive {
  #pieces: Uint8Array[] = [];
  readonly #zip = new Zip((error, piece) => {
    if (error) throw error;
    this.#pieces.push(piece);
  });

  begin(name: string): ZipPassThrough {
    const entry = new ZipPassThrough(name);
    entry.mtime = DATE;
    this.#zip.add(entry);
    return entry;
  }

  add(name: string, pieces: readonly Uint8Array[]): void {
    const entry = this.begin(name);
    for (const [index, piece] of pieces.entries()) entry.push(piece, index === pieces.length - 1);
  }

  /** The pieces since the last call. */
  taken(): Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  end(): Uint8Array[] {
    this.#zip.end();
    return this.taken();
  }
}

/**
 * The arrays of an archive by name, without `.npy`.
 *
 * @param where - the file's name, for messages
 * @throws UserError saying what is wrong with the file
 */
export function readNpz(file: Uint8Array, where = "an npz file"): Map<string, Tensor> {
  const refuse = (problem: string): never => {
    throw new UserError("damaged", `Expected an .npz file of NumPy arrays in ${where}, but ${problem}.`);
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
