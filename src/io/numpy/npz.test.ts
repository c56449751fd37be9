import { strToU8, unzipSync, zipSync } from "fflate";
import { expect, test } from "vitest";
import { UserError } from "../../errors.js";
import type { Tensor } from "../tensors/tensor.js";
import { encodeNpz, readNpz } from "./npz.js";

const pixels: Tensor = { dtype: "uint8", shape: [3], data: Uint8Array.of(0, 128, 255) };
const numbers: Tensor = { dtype: "float64", shape: [2, 1], data: Float64Array.of(Math.PI, -0) };
const labels: Tensor = { dtype: "int32", shape: [0], data: new Int32Array() };
const scalar: Tensor = { dtype: "int64", shape: [], data: BigInt64Array.of(-3n) };

const archive = Buffer.concat(encodeNpz({ arr_0: pixels, arr_1: numbers, labels, scalar }));

test("holds npy arrays with NumPy's header", () => {
  const files = unzipSync(archive);
  const npy = Buffer.from(files["arr_0.npy"]);
  expect(npy.subarray(0, 8)).toEqual(Buffer.from("\x93NUMPY\x01\x00", "latin1"));
  const length = npy.readUInt16LE(8);
  expect((10 + length) % 64).toBe(0);
  expect(npy.toString("latin1", 10, 10 + length)).toBe(
    `${"{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }".padEnd(length - 1)}\n`,
  );
  expect([...npy.subarray(10 + length)]).toEqual([0, 128, 255]);
  expect(Buffer.from(files["arr_1.npy"]).toString("latin1")).toContain(
    "'<f8', 'fortran_order': False, 'shape': (2, 1)",
  );
});

test("reads back what was written, compressed by others too", () => {
  const arrays = new Map([
    ["arr_0", pixels],
    ["arr_1", numbers],
    ["labels", labels],
    ["scalar", scalar],
  ]);
  expect(readNpz(archive)).toEqual(arrays);
  expect(readNpz(zipSync(unzipSync(archive), { level: 9 }))).toEqual(arrays);
});

test("the same arrays give the same bytes, made of the arrays' own memory", () => {
  const pieces = encodeNpz({ arr_0: pixels, arr_1: numbers, labels, scalar });
  expect(Buffer.concat(pieces).equals(archive)).toBe(true);
  expect(pieces.some(({ buffer }) => buffer === pixels.data.buffer)).toBe(true);
});

/** An archive of one array with this header text. */
function npz(header: string, bytes = 0): Uint8Array {
  const start = Buffer.from("\x93NUMPY\x01\x00\x00\x00", "latin1");
  start.writeUInt16LE(header.length, 8);
  return zipSync({ "a.npy": Buffer.concat([start, Buffer.from(header), Buffer.alloc(bytes)]) });
}

const bomb = Buffer.from(zipSync({ "a.npy": new Uint8Array(100) }, { level: 0 }));
bomb.writeUInt32LE(4_000_000_000, bomb.indexOf("PK\x01\x02") + 24); // uncompressed size in the central directory

test.each([
  ["text", strToU8("no archive at all"), "no whole zip archive"],
  ["an archive cut off", archive.subarray(0, archive.length - 30), "no whole zip archive"],
  ["an archive without arrays", zipSync({ "a.txt": strToU8("a") }), "holds no .npy array"],
  ["a bomb", bomb, "its entry a.npy claims 4000000000 bytes"],
  [
    "an array that is none",
    zipSync({ "a.npy": strToU8("hello, world!") }),
    "its array a.npy does not begin as NumPy's do",
  ],
  [
    "code for a header",
    npz("__import__('os')"),
    "its array a.npy has a header that is not understood (expected { before its character 10)",
  ],
  ["objects", npz("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8), "holds Python's objects"],
  ["elements of another type", npz("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8), "has elements <c8"],
  [
    "too few elements",
    npz("{'descr': '|u1', 'fortran_order': False, 'shape': (9,), }", 1),
    "has 1 bytes, its shape [9] needs 9",
  ],
  [
    "a shape beyond numbers",
    npz(`{'descr': '|u1', 'fortran_order': False, 'shape': (${"9".repeat(99)},), }`),
    "needs 1e+99",
  ],
])("refuses %s", (_, bytes, message) => {
  expect(() => readNpz(bytes, "evil.npz")).toThrow(UserError);
  expect(() => readNpz(bytes, "evil.npz")).toThrow(message);
  expect(() => readNpz(bytes, "evil.npz")).toThrow("evil.npz");
});
