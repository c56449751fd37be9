import { expect, test } from "vitest";
import { parseNpy, readNpyRows } from "./npy.js";

/** A file with this header. */
function npy(header: string, data: Uint8Array, version = 1): Buffer {
  const text = Buffer.from(header, version === 3 ? "utf8" : "latin1");
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(text.length, 0, length.length);
  return Buffer.concat([Buffer.from("\x93NUMPY", "latin1"), Buffer.from([version, 0]), length, text, data]);
}

const refuse = (problem: string): never => {
  throw new Error(problem);
};
const six = Uint8Array.of(1, 2, 3, 4, 5, 6);

async function rowsOf(file: Uint8Array): Promise<Buffer> {
  const { blocks } = await readNpyRows(
    (async function* () {
      for (let at = 0; at < file.length; at += 7) yield file.subarray(at, at + 7);
    })(),
    "data.npy",
  );
  const read: Uint8Array[] = [];
  for await (const block of blocks) read.push(Buffer.from(block));
  return Buffer.concat(read);
}

// Each of these is read by numpy.load 2.4 as [[1, 2, 3], [4, 5, 6]], or [[1, 3, 5], [2, 4, 6]] in Fortran order; so
// are all but
// the two with longs in version 3.
test.each([
  `{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }`,
  `{"descr": "|u1", "fortran_order": False, "shape": (2, 3)}`,
  `{'descr':'|u1','fortran_order':False,'shape':(2,3)}`,
  `{'shape': (2, 3), 'fortran_order': False, 'descr': '|u1', }`,
  `  {'descr': '<u1', 'fortran_order': False, 'shape': (2, 3), }\n`,
  `{'descr': '>u1', 'fortran_order': False, 'shape': (2, 3), }`,
  `{'descr': '=u1', 'fortran_order': False, 'shape': (2, 3), }`,
  `{'descr': 'u1', 'fortran_order': False, 'shape': (2, 3), }`,
  `{'descr': 'uint8', 'fortran_order': False, 'shape': (2, 3), }`,
  `{'descr': 'B', 'fortran_order': False, 'shape': (2, 3), }`,
  `{'descr': u'|u1', 'fortran_order': False, 'shape': (2L, 3L), }`,
  `{'descr': '|u1', 'fortran_order': False, 'shape': (2L,3L)}`,
  `{ 'descr' : '|u1' ,\n'fortran_order' : False , 'shape' : ( 2 , 3 , ) , }`,
  `{'descr': '|u1', 'fortran_order': False, 'shape': (9,), 'shape': (2, 3), }`,
  `{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }${" ".repeat(50_000)}\n`,
  `{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }`,
])("reads %s", async (header) => {
  const data = header.includes("True") ? Uint8Array.of(1, 3, 5, 2, 4, 6) : six;
  for (const version of [1, 2, 3]) {
    const file = npy(header, six, version);
    expect(parseNpy(file, refuse)).toEqual({ dtype: "uint8", shape: [2, 3], data });
    expect(await rowsOf(file)).toEqual(Buffer.from(data));
  }
});

// The bytes are those that NumPy 2.4 has for [1, 0, 3] of each type.
test.each<[string, string, string, ArrayLike<unknown>]>([
  [">f4", "3f8000000000000040400000", "float32", Float32Array.of(1, 0, 3)],
  ["=f4", "0000803f0000000000004040", "float32", Float32Array.of(1, 0, 3)],
  ["f", "0000803f0000000000004040", "float32", Float32Array.of(1, 0, 3)],
  [">f8", "3ff000000000000000000000000000004008000000000000", "float64", Float64Array.of(1, 0, 3)],
  ["float64", "000000000000f03f00000000000000000000000000000840", "float64", Float64Array.of(1, 0, 3)],
  [">i4", "000000010000000000000003", "int32", Int32Array.of(1, 0, 3)],
  [">i8", "000000000000000100000000000000000000000000000003", "int64", BigInt64Array.of(1n, 0n, 3n)],
  [">f2", "3c0000004200", "float16", Uint16Array.of(0x3c00, 0, 0x4200)],
  ["e", "003c00000042", "float16", Uint16Array.of(0x3c00, 0, 0x4200)],
  ["?", "010000", "bool", Uint8Array.of(1, 0, 0)],
])("elements %s are read in their byte order", async (descr, hex, dtype, data) => {
  const file = npy(`{'descr': '${descr}', 'fortran_order': False, 'shape': (3,), }`, Buffer.from(hex, "hex"));
  expect(parseNpy(file, refuse)).toEqual({ dtype, shape: [3], data });
  expect(await rowsOf(file)).toEqual(Buffer.from((data as Uint8Array).buffer));
});

test("an array in Fortran order and of big-endian elements has its rows in order", async () => {
  // numpy.save of asfortranarray(arange(24, dtype=">i4").reshape(2, 3, 4))
  const data = Buffer.concat(
    [0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23].map((value) =>
      Buffer.from([0, 0, 0, value]),
    ),
  );
  const file = npy("{'descr': '>i4', 'fortran_order': True, 'shape': (2, 3, 4), }", data);
  const counting = Int32Array.from({ length: 24 }, (_, i) => i);
  expect(parseNpy(file, refuse)).toEqual({ dtype: "int32", shape: [2, 3, 4], data: counting });
  expect(await rowsOf(file)).toEqual(Buffer.from(counting.buffer));
  await expect(rowsOf(file.subarray(0, -1))).rejects.toThrow("has 95 bytes, its shape [2,3,4] needs 96");
  await expect(rowsOf(Buffer.concat([file, Buffer.alloc(1)]))).rejects.toThrow("has 97 bytes");
});

// What numpy.load 2.4 refuses, too, but for records and, where it is told to, objects.
test.each([
  ["{'descr': '|u1', 'fortran_order': False, 'shape': (6), }", "its shape is something else than"],
  ["{'descr': '|u1', 'fortran_order': False, 'shape': [2, 3], }", "its shape is something else than"],
  ["{'descr': '|u1', 'fortran_order': False, 'shape': (-2, 3), }", "its shape is something else than"],
  ["{'descr': '|u1', 'fortran_order': 0, 'shape': (2, 3), }", "its fortran_order is something else than"],
  ["{'descr': '|u1', 'fortran_order': 'True', 'shape': (2, 3), }", "fortran_order is not True or False"],
  ["{'descr': '|u1', 'fortran_order': False, 'shape': '23', }", "its shape is no tuple"],
  ["{'descr': True, 'fortran_order': False, 'shape': (2, 3), }", "its descr is no single type"],
  ["{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (6,)}", "its descr is something else than a type"],
  ["{'descr': '|u1', 'shape': (2, 3), }", "its fields are descr, shape"],
  [
    "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), 'more': (1,)}",
    "its fields are descr, fortran_order, more",
  ],
  ["{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)} {}", "more follows its end"],
  ["{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3", "expected , before its character"],
  ["{'descr': '|u1', 'fortran_order': False, 'shape': (2,, 3)}", "its shape is something else than"],
  ["{descr: '|u1', 'fortran_order': False, 'shape': (2, 3), }", "expected a name in quotes before its character 6"],
  ["{'descr': '|u1' 'fortran_order': False, 'shape': (2, 3), }", "expected , before its character"],
  ["{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)", "expected , before its character"],
  [`{'descr': '|u1', 'fortran_order': False, 'shape': (${"1, ".repeat(65)}), }`, "its shape has 65 dimensions"],
  ["", "expected { before its character 0"],
  ["{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", "holds Python's objects, which are not read"],
  ["{'descr': 'O', 'fortran_order': False, 'shape': (2, 3), }", "holds Python's objects, which are not read"],
  ["{'descr': '<U1', 'fortran_order': False, 'shape': (2, 3), }", "has elements <U1; known are <f4, <f2, <V2, <f8"],
])("refuses %s", async (header, message) => {
  expect(() => parseNpy(npy(header, six), refuse)).toThrow(message);
  await expect(rowsOf(npy(header, six))).rejects.toThrow(message);
});

test("other versions than NumPy has are named, and a header cut off", () => {
  const file = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", six, 4);
  expect(() => parseNpy(file, refuse)).toThrow("is of version 4.0; known are 1.0, 2.0 and 3.0");
  expect(() => parseNpy(npy("{'descr': '|u1'", six).subarray(0, 20), refuse)).toThrow(
    "ends in its header, at byte 20 of 25",
  );
});
