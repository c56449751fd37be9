import { readFileSync } from "node:fs";
import { unzipSync } from "fflate";
import { expect, test } from "vitest";
import { UserError } from "../../errors.js";
import { parseNpyIntegers, readNpyRows } from "./npy.js";
import { npyHeader } from "./npy-header.js";

/** A file with this header and these bytes behind it. */
function npy(descr: string, shape: string, data: Uint8Array, fortran = "False"): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (${shape}), }\n`;
  const start = Buffer.from("\x93NUMPY\x01\x00\x00\x00", "latin1");
  start.writeUInt16LE(text.length, 8);
  return Buffer.concat([start, Buffer.from(text), data]);
}

let closed = 0;
/** A file in pieces of some bytes. */
async function* inPieces(file: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  try {
    for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size);
  } finally {
    closed++;
  }
}

async function rowsOf(file: Uint8Array, size = 64) {
  const { blocks, ...header } = await readNpyRows(inPieces(file, size), "data.npy");
  const read: Buffer[] = [];
  for await (const block of blocks) read.push(Buffer.from(block));
  return { ...header, lengths: read.map(({ length }) => length), data: Buffer.concat(read) };
}

const counting = Uint8Array.from({ length: 21 }, (_, i) => i + 1);

test.each([1, 2, 3, 7, 11, 79, 80, 81, 1000])("reads whole rows from pieces of %i bytes", async (size) => {
  const file = npy("|u1", "7, 3", counting);
  const { dtype, shape, rowBytes, lengths, data } = await rowsOf(file, size);
  expect({ dtype, shape, rowBytes }).toEqual({ dtype: "uint8", shape: [7, 3], rowBytes: 3 });
  expect(lengths.every((length) => length > 0 && length % 3 === 0)).toBe(true);
  expect(data).toEqual(Buffer.from(counting));
});

test("reads what this project writes, and rows of other types and dimensions", async () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const header = npyHeader({ dtype: "float32", shape: [2, 2, 2] });
  const file = Buffer.concat([header, Buffer.from(data.buffer)]);
  expect(await rowsOf(file)).toMatchObject({ dtype: "float32", shape: [2, 2, 2], rowBytes: 16 });
  expect(await rowsOf(npy("<i4", "2,", Buffer.alloc(8)))).toMatchObject({ dtype: "int32", shape: [2], rowBytes: 4 });
  expect(await rowsOf(npy("|u1", "0, 3", new Uint8Array()))).toMatchObject({ shape: [0, 3], lengths: [] });
  expect(await rowsOf(npy("|u1", "3, 0", new Uint8Array()))).toMatchObject({ rowBytes: 0, lengths: [] });
});

test("a long array is never held whole", async () => {
  const pieces = async function* () {
    yield npy("|u1", "1000000, 3", new Uint8Array());
    for (let piece = 0; piece < 3000; piece++) yield new Uint8Array(1000);
  };
  const { blocks } = await readNpyRows(pieces(), "data.npy");
  let [rows, longest] = [0, 0];
  for await (const block of blocks) {
    rows += block.length / 3;
    longest = Math.max(longest, block.length);
  }
  expect(rows).toBe(1_000_000);
  expect(longest).toBeLessThan(1100);
});

test("rows beyond the shape are never given, however many follow", async () => {
  const longer = async function* () {
    yield npy("|u1", "2, 3", counting.subarray(0, 3));
    for (let piece = 0; piece < 1000; piece++) yield counting.subarray(0, 3);
  };
  const { blocks } = await readNpyRows(longer(), "data.npy");
  let rows = 0;
  const read = async () => {
    for await (const block of blocks) rows += block.length / 3;
  };
  await expect(read()).rejects.toThrow("has 9 bytes, its shape [2,3] needs 6");
  expect(rows).toBe(2);
});

test("the pieces are closed when enough is read, when only the header is wanted, and when it is refused", async () => {
  closed = 0;
  const file = npy("|u1", "7, 3", counting);
  const { blocks } = await readNpyRows(inPieces(file, 80), "data.npy");
  for await (const _ of blocks) break;
  expect(closed).toBe(1);
  await (await readNpyRows(inPieces(file, 80), "data.npy"))[Symbol.asyncDispose]();
  expect(closed).toBe(2);
  await expect(readNpyRows(inPieces(Buffer.from("no array at all"), 80), "data.npy")).rejects.toThrow();
  expect(closed).toBe(3);
});

test.each<[string, Buffer, string]>([
  ["rows that are missing", npy("|u1", "8, 3", counting), "has 21 bytes, its shape [8,3] needs 24"],
  ["rows beyond the shape", npy("|u1", "6, 3", counting), "has 21 bytes, its shape [6,3] needs 18"],
  [
    "a file cut off in its header",
    npy("|u1", "7, 3", counting).subarray(0, 40),
    "ends in its header, at byte 40 of 70",
  ],
  ["a file cut off before it", Buffer.from("\x93NUMPY\x01", "latin1"), "does not begin as NumPy's do"],
  ["text", Buffer.from("hello, this is no array"), "does not begin as NumPy's do"],
  [
    "a header of gigabytes",
    Buffer.from("\x93NUMPY\x02\x00\xff\xff\xff\xff{", "latin1"),
    "has a header of 4294967307 bytes",
  ],
  ["a number", npy("|u1", "", Buffer.alloc(1)), "has the shape [], no rows"],
  ["rows of terabytes", npy("|u1", "1, 9999999999999", counting), "has rows of 9999999999999 bytes"],
  ["more than numbers count", npy("|u1", "9999999999999, 99999", counting), "no rows"],
  ["objects", npy("|O", "7, 3", counting), "holds Python's objects, which are not read"],
  [
    "gigabytes in Fortran order",
    npy("|u1", "999, 9999999", counting, "True"),
    "has 9989999001 bytes in Fortran order; at most 2147483647 are read. Save it in C order",
  ],
])("refuses %s", async (_, file, message) => {
  await expect(rowsOf(file)).rejects.toThrow(UserError);
  await expect(rowsOf(file)).rejects.toThrow(message);
  await expect(rowsOf(file)).rejects.toThrow("Expected a NumPy array in data.npy, but it ");
});

const saved = unzipSync(readFileSync("test/fixtures/pickles/labels.npz"));

test("reads integers as NumPy saves lists, and lists of Python's own", () => {
  expect(parseNpyIntegers(saved["numbers.npy"], "labels")).toEqual([1, 1000, 7]);
  expect(parseNpyIntegers(saved["objects.npy"], "labels")).toEqual([1, 1000, 7]);
});

test.each<[string, number[], number[]]>([
  ["|i1", [0xff, 2], [-1, 2]],
  ["|u1", [0xff, 2], [255, 2]],
  ["<i2", [0xfe, 0xff, 2, 1], [-2, 258]],
  [">u2", [0xff, 0xfe, 1, 2], [65534, 258]],
  ["<u4", [0, 0, 0, 0x80, 1, 0, 0, 0], [2 ** 31, 1]],
  [">i4", [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1], [-1, 1]],
  ["<i8", [...Buffer.alloc(8, 0xff), 1, 0, 0, 0, 0, 0, 0, 0], [-1, 1]],
  ["<u8", [5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], [5, 1]],
])("reads integers of type %s", (descr, data, numbers) => {
  expect(parseNpyIntegers(npy(descr, "2,", Uint8Array.from(data)), "labels")).toEqual(numbers);
});

test.each<[string, Uint8Array, string]>([
  ["floats", saved["floats.npy"], "has elements <f8, no integers"],
  ["a table", npy("|u1", "2, 1", Buffer.alloc(2)), "has the shape [2,1] where a list is needed"],
  ["too few", npy("<i8", "9,", Buffer.alloc(8)), "has 8 bytes, its shape [9] needs 72"],
  ["more than memory", npy("<i8", "99999999999,", Buffer.alloc(8)), "needs 799999999992"],
  ["integers beyond 2⁵³", npy("<u8", "1,", Buffer.alloc(8, 0xff)), "holds 18446744073709551615"],
  ["a command", npy("|O", "1,", Buffer.from("cos\nsystem\n(U\x02idtR.", "latin1")), `asks for Python's "os system"`],
  ["another pickle", npy("|O", "1,", Buffer.from("N.")), "is pickled, but no list of Python's numbers"],
  ["a list of another length", npy("|O", "4,", Buffer.from(saved["objects.npy"].subarray(128))), "has 3 numbers where"],
])("refuses %s for integers", (_, file, message) => {
  expect(() => parseNpyIntegers(file, "labels")).toThrow(UserError);
  expect(() => parseNpyIntegers(file, "labels")).toThrow(message);
});
