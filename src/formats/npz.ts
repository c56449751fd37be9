/**
 * @file NumPy's npz: a zip archive of `.npy` arrays (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html),
 * stored without compression, as evaluators of generative models read it.
 */
import { zipSync } from "fflate";
import { bytesOf, type ElementType, type Tensor } from "./tensor.js";

const descriptions: Record<ElementType, string> = {
  float32: "<f4",
  float64: "<f8",
  int32: "<i4",
  int64: "<i8",
  uint8: "|u1",
  bool: "|b1",
};

/** Zip stores no earlier date; a fixed one makes the same arrays the same bytes. */
const DATE = new Date("1980-01-01T00:00:00");

/** The array in `.npy` form, version 1.0, header padded to a multiple of 64 bytes. */
export function encodeNpy(tensor: Tensor): Uint8Array {
  const shape = tensor.shape.length === 1 ? `${tensor.shape[0]},` : tensor.shape.join(", ");
  const text = `{'descr': '${descriptions[tensor.dtype]}', 'fortran_order': False, 'shape': (${shape}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, " ");
  header.write("\x93NUMPY\x01\x00", "latin1");
  header.writeUInt16LE(length, 8);
  header.write(text, 10, "latin1");
  header.write("\n", 10 + length - 1);
  return Buffer.concat([header, bytesOf(tensor)]);
}

/** The archive of these arrays, each under its name. */
export function encodeNpz(arrays: Record<string, Tensor>): Uint8Array {
  const files = Object.entries(arrays).map(([name, tensor]) => [`${name}.npy`, encodeNpy(tensor)]);
  return zipSync(Object.fromEntries(files), { level: 0, mtime: DATE });
}
