import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { arrayOf, global, latin1, pickled } from "../../../test/support/flax-files.js";
import { UserError } from "../../errors.js";
import { jaxGlobals, NumpyArray, numpyGlobals } from "./array-pickle.js";
import { unpickle } from "./pickle.js";

const refuse = (problem: string): never => {
  throw new UserError("damaged", problem);
};

const read = (name: string): Map<string, unknown> =>
  unpickle(readFileSync(`test/fixtures/pickles/${name}.pkl`), { where: name, globals: numpyGlobals }).value as Map<
    string,
    unknown
  >;

const tensor = (value: unknown) => (value as NumpyArray).tensor(refuse);
const counting = Uint8Array.from({ length: 600 }, (_, i) => i % 256);

test.each([0, 1, 2, 3, 4, 5])("reads arrays and scalars that NumPy writes in protocol %i", (protocol) => {
  const arrays = read(`protocol-${protocol}`);
  expect(tensor(arrays.get("data"))).toEqual({ dtype: "uint8", shape: [2, 300], data: counting });
  const weights = Float32Array.of(1.5, -2, Infinity, 0.1);
  expect(tensor(arrays.get("weights"))).toEqual({ dtype: "float32", shape: [2, 2], data: weights });
  expect(tensor(arrays.get("ints"))).toEqual({ dtype: "int64", shape: [2], data: BigInt64Array.of(-1n, 2n ** 40n) });
  expect(tensor(arrays.get("small"))).toEqual({ dtype: "bool", shape: [2], data: Uint8Array.of(1, 0) });
  expect(tensor(arrays.get("empty"))).toEqual({ dtype: "float64", shape: [0, 3], data: new Float64Array() });
  expect(arrays.get("scalar")).toBe(0.25);
});

test("reads a batch as Python 2 wrote it, whose bytes are strings", () => {
  const batch = read("python-2");
  expect(batch.get("batch_label")).toBe("training batch 1 of 5");
  expect(batch.get("labels")).toEqual([6, 9]);
  expect(tensor(batch.get("data"))).toEqual({ dtype: "uint8", shape: [2, 300], data: counting });
  expect(tensor(batch.get("short"))).toEqual({ dtype: "uint8", shape: [2, 3], data: counting.slice(0, 6) });
  expect(batch.get("filenames")).toEqual(["leptodactylus_pentadactylus_s_000004.png", "camion_s_000148.png"]);
});

test("an array of bytes is the pickle's own memory", () => {
  const file = readFileSync("test/fixtures/pickles/protocol-4.pkl");
  const { value } = unpickle(file, { where: "a.pkl", globals: numpyGlobals });
  expect(tensor((value as Map<string, unknown>).get("data")).data.buffer).toBe(file.buffer);
});

/** An array in protocol 2: code, byte order, shape, Fortran order and elements as opcodes. */
const array = (code: string, order: string, shape: string, fortran: string, elements: string) =>
  Buffer.from(
    `cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R(K\x01${shape}cnumpy\ndtype\n` +
      `U${String.fromCharCode(code.length)}${code}K\0K\x01\x87R(K\x03U\x01${order}NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb` +
      `${fortran}${elements}tb.`,
    "latin1",
  );

const two = "K\x02\x85";
const square = "K\x02K\x02\x86";

test("reads lists of Python's numbers, as NumPy keeps objects", () => {
  const { value } = unpickle(array("O8", "|", two, "\x89", "](K\x05K\x07e"), { where: "a", globals: numpyGlobals });
  expect((value as NumpyArray).objects(refuse)).toEqual([5, 7]);
  expect(() => tensor(value)).toThrow(
    'an array has elements of type "O8"; known are f2, f4, f8, i4, i8, u1, b1, bfloat16',
  );
});

test("Fortran order becomes row-major, in memory of its own", () => {
  const file = array("u1", "|", "K\x02K\x03\x86", "\x88", "U\x06adbecf");
  const { value } = unpickle(file, { where: "a", globals: numpyGlobals });
  const { shape, data } = tensor(value);
  expect([shape, Buffer.from(data as Uint8Array).toString()]).toEqual([[2, 3], "abcdef"]);
  expect(data.buffer).not.toBe(file.buffer);
});

test.each<[string, Buffer, string]>([
  ["too few elements", array("u1", "|", two, "\x89", "U\x01a"), "an array has 1 bytes, its shape [2] needs 2"],
  ["a huge shape", array("u1", "|", `${"J\xff\xff\xff\x7f".repeat(3)}\x87`, "\x89", "U\x01a"), "needs 9.9"],
  ["big-endian elements", array("f4", ">", two, "\x89", "U\x08abcdefgh"), "an array is big-endian"],
  ["complex numbers", array("c8", "<", two, "\x89", "U\x01a"), 'an array has elements of type "c8"'],
  ["no elements", array("u1", "|", two, "\x89", "N"), "an array has no elements"],
  ["elements in a list", array("u1", "|", two, "\x89", "](K\x05K\x07e"), "an array has no elements"],
  ["a negative size", array("u1", "|", "J\xff\xff\xff\xff\x85", "\x89", "U\x01a"), "has no shape or no type"],
  ["a shape of text", array("u1", "|", "U\x02id\x85", "\x89", "U\x01a"), "has no shape or no type"],
  ["65 dimensions", array("u1", "|", `(${"K\x01".repeat(65)}t`, "\x89", "U\x01a"), "has no shape or no type"],
  ["objects of another number", array("O", "|", two, "\x89", "](K\x05e"), "no list of shape [2]"],
  ["objects in a table", array("O", "|", square, "\x89", "](K\x05K\x05K\x05K\x05e"), "no list of shape [2,2]"],
  ["a type of a type", Buffer.from("cnumpy\ndtype\nK\x01\x85R.", "latin1"), "a NumPy type has no name"],
  ["a type with a strange state", Buffer.from("cnumpy\ndtype\nU\x02u1\x85RNb.", "latin1"), "a NumPy type has no state"],
  ["a scalar without type", Buffer.from("cnumpy.core.multiarray\nscalar\n)R.", "latin1"), "a NumPy scalar has no type"],
  ["a call of ndarray", Buffer.from("cnumpy\nndarray\n)R.", "latin1"), "it calls what is no function"],
  ["NumPy's loader", Buffer.from("cnumpy\nload\n)R.", "latin1"), `asks for Python's "numpy load"`],
])("refuses %s", (_, pickle, message) => {
  const attempt = () => {
    const { value } = unpickle(pickle, { where: "evil.pkl", globals: numpyGlobals });
    return (value as NumpyArray).objects(refuse) ?? tensor(value);
  };
  expect(attempt).toThrow(UserError);
  expect(attempt).toThrow(message);
});

test("an array whose state never came holds nothing", () => {
  expect(() => new NumpyArray().tensor(refuse)).toThrow('an array has elements of type "";');
});

const readJax = (file: Buffer) => unpickle(file, { where: "a.p", globals: jaxGlobals }).value;
const bytes = Uint8Array.of(0xc0, 0x3f, 0x00, 0xc0); // 1.5, −2

test("a JAX array is the NumPy array that it was made of, bfloat16 its bits", () => {
  const file = pickled(
    arrayOf({ shape: [2], bytes, type: "bfloat16" }, { array: "jax._src.array _reconstruct_array" }),
  );
  expect((readJax(file) as NumpyArray).tensor(refuse)).toEqual({
    dtype: "bfloat16",
    shape: [2],
    data: Uint16Array.of(0x3fc0, 0xc000),
  });
});

test.each<[string, Buffer, string]>([
  [
    "a JAX array that something else makes",
    pickled(global("jax._src.array _reconstruct_array"), latin1("("), global("numpy dtype"), latin1(")N}tR")),
    "a JAX array is made of no NumPy array",
  ],
  [
    "a JAX array of JAX arrays, endlessly",
    pickled(
      global("jax._src.array _reconstruct_array"),
      latin1("("),
      global("jax._src.array _reconstruct_array"),
      latin1(")N}tR"),
    ),
    "a JAX array is made of no NumPy array",
  ],
  [
    "a JAX array without state",
    pickled(
      global("jax._src.array _reconstruct_array"),
      latin1("("),
      global("numpy.core.multiarray _reconstruct"),
      latin1(")N}tR"),
    ),
    "a NumPy array has no shape or no type",
  ],
  [
    "a FrozenDict of a list",
    pickled(global("flax.core.frozen_dict FrozenDict"), latin1("]\x85R")),
    "a FrozenDict of Flax is made of no dictionary",
  ],
  [
    "a FrozenDict of Flax before 0.3.3",
    pickled(global("flax.core.frozen_dict FrozenDict"), latin1(")\x81N}\x86b")),
    "a FrozenDict of Flax is made of no dictionary",
  ],
  [
    "a type of another package",
    pickled(global("ml_dtypes float8_e5m2")),
    'it asks for Python\'s "ml_dtypes float8_e5m2"',
  ],
])("refuses %s", (_, file, message) => {
  expect(() => readJax(file)).toThrow(UserError);
  expect(() => readJax(file)).toThrow(message);
});
