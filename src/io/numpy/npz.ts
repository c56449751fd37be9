/**
 * @file NumPy's npz: a zip archive of `.npy` arrays (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html),
 * stored without compression, as evaluators of generative models read it. Read archives may be compressed, and are hostile.
 */
import { unzipSync, Zip, ZipPassThrough } from "fflate";
import { UserError } from "../../errors.js";
import { LARGEST_EXPANSION } from "../archives/archive-entry.js";
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
  const bytes = Object.values(arrays).reduce((sum, { data }) => sum + data.byteLength + 1024, 0);
  if (bytes > LARGEST_ARCHIVE) {
    throw new UserError(
      "too-large",
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
