/**
 * @file The header of a `.npy` file, a literal of Python, as far as NumPy itself reads it: versions 1 to 3, whatever
 * quotes, spaces and order its writer chose (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 */
import type { Refuse } from "../archives/archive-entry.js";
import { type ElementType, type Tensor, tensorFromBytes, transpose } from "../tensors/tensor.js";

const MAGIC = "\x93NUMPY";

/** Bytes. NumPy takes 10,000, and more when told that the file is trusted; there is nothing to execute here. */
const LONGEST_HEADER = 2 ** 20;

/** NumPy has no more. */
const MOST_DIMENSIONS = 64;

/** What a header says, and at which byte the elements begin. */
export interface NpyHeader {
  type: NumpyType;
  shape: number[];
  /** Whether the first index changes fastest. */
  fortran: boolean;
  start: number;
}

/** The type of an array's elements. */
export interface NumpyType {
  /** As the header has it, for messages. */
  description: string;
  /** NumPy's letter of the kind and the bytes of an element: "u1". */
  code: string;
  /** Whether the most significant byte comes first. */
  bigEndian: boolean;
}

/** NumPy's codes of the types that arrays are read and written with. */
const codes: Record<ElementType, string> = {
  float32: "f4",
  float16: "f2",
  bfloat16: "V2", // as the package ml_dtypes has it
  float64: "f8",
  int32: "i4",
  int64: "i8",
  uint8: "u1",
  bool: "b1",
};
const elementTypes = new Map(Object.entries(codes).map(([type, code]) => [code, type as ElementType]));

/** What NumPy writes. */
const descriptionOf = (code: string): string => (code.endsWith("1") ? "|" : "<") + code;

/** Other names of types. */
const synonyms: Record<string, string> = {
  ...{ "?": "b1", b: "i1", B: "u1", h: "i2", H: "u2", i: "i4", I: "u4", q: "i8", Q: "u8", e: "f2", f: "f4", d: "f8" },
  ...{
    bool: "b1",
    int8: "i1",
    uint8: "u1",
    int16: "i2",
    uint16: "u2",
    int32: "i4",
    uint32: "u4",
    int64: "i8",
    uint64: "u8",
  },
  ...{ float16: "f2", float32: "f4", float64: "f8", O: "O", object: "O" },
};

/** Header of the array's `.npy` form, version 1.0, padded so that the elements begin at a multiple of 64 bytes. */
export function npyHeader({ dtype, shape }: Pick<Tensor, "dtype" | "shape">): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descriptionOf(codes[dtype])}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, " ");
  header.write(`${MAGIC}\x01\x00`, "latin1");
  header.writeUInt16LE(length, 8);
  header.write(text, 10, "latin1");
  header.write("\n", 10 + length - 1);
  return header;
}

/**
 * Where the text of the header lies, by the first twelve bytes of the file; behind it the elements begin.
 *
 * @param refuse - throws, given what is wrong with the file
 */
export function headerText(file: Buffer, refuse: Refuse): { from: number; to: number } {
  const [version, minor] = file.subarray(6, 8);
  const from = version > 1 ? 12 : 10; // from version 2.0 the header's length has 4 bytes
  if (file.length < from || file.toString("latin1", 0, 6) !== MAGIC) return refuse("does not begin as NumPy's do");
  if (version < 1 || version > 3 || minor !== 0)
    refuse(`is of version ${version}.${minor}; known are 1.0, 2.0 and 3.0`);
  const to = from + (version > 1 ? file.readUInt32LE(8) : file.readUInt16LE(8));
  if (to > LONGEST_HEADER) refuse(`has a header of ${to} bytes; at most ${LONGEST_HEADER} are read`);
  return { from, to };
}

/**
 * Parses the header at the beginning of a file.
 *
 * @param refuse - throws, given what is wrong with it
 */
export function parseHeader(file: Buffer, refuse: Refuse): NpyHeader {
  const { from, to } = headerText(file, refuse);
  if (file.length < to) refuse(`ends in its header, at byte ${file.length} of ${to}: it is truncated`);
  const text = file.toString(file[6] === 3 ? "utf8" : "latin1", from, to);
  const refuseHeader: Refuse = (problem) =>
    refuse(`has a header that is not understood (${problem}): ${JSON.stringify(text.trim().slice(0, 100))}`);
  const fields = parseFields(text, refuseHeader);
  const { descr, fortran_order: fortran, shape } = Object.fromEntries(fields);
  const names = [...fields.keys()].sort();
  if (String(names) !== "descr,fortran_order,shape") refuseHeader(`its fields are ${names.join(", ") || "none"}`);
  if (typeof fortran !== "boolean") return refuseHeader("fortran_order is not True or False");
  if (!Array.isArray(shape)) return refuseHeader("its shape is no tuple");
  if (shape.length > MOST_DIMENSIONS) refuseHeader(`its shape has ${shape.length} dimensions`);
  if (typeof descr !== "string") return refuseHeader("its descr is no single type");
  return { type: parseType(descr), shape, fortran: fortran && shape.length > 1, start: to };
}

/** A field's value; undefined for one that is something else, as the fields of records are. */
type Value = string | boolean | number[] | undefined;

const TOKEN =
  /\s*(?:[uU]?(?:'(?<single>[^'\\\n]*)'|"(?<double>[^"\\\n]*)")|(?<number>\d+)[lL]?|(?<word>\w+)|(?<mark>\S)|$)/uy;

/** The dictionary that a header is; of a name that stands there twice the last value holds, as in Python. */
function parseFields(text: string, refuse: Refuse): Map<string, Value> {
  TOKEN.lastIndex = 0;
  const next = () => {
    const { single, double, number, word, mark } = TOKEN.exec(text)!.groups!;
    return { string: single ?? double, number, word, mark };
  };
  const expectMark = (wanted: string, { mark } = next()) => {
    if (mark !== wanted) refuse(`expected ${wanted} before its character ${TOKEN.lastIndex}`);
  };
  /** Numbers up to the bracket that closes a tuple; one alone is in brackets, and no tuple. */
  const tuple = (): number[] | undefined => {
    const sizes: number[] = [];
    let commas = 0;
    for (;;) {
      const { number, mark } = next();
      if (mark === ")") return commas > 0 || sizes.length === 0 ? sizes : undefined;
      if (number === undefined) return undefined;
      sizes.push(Number(number));
      const behind = next();
      if (behind.mark === ")") return commas > 0 ? sizes : undefined;
      expectMark(",", behind);
      commas++;
    }
  };
  const fields = new Map<string, Value>();
  expectMark("{");
  for (let token = next(); token.mark !== "}"; token = next()) {
    const name = token.string ?? refuse(`expected a name in quotes before its character ${TOKEN.lastIndex}`);
    expectMark(":");
    const { string, word, mark } = next();
    const value = string ?? (word === "True" ? true : word === "False" ? false : mark === "(" ? tuple() : undefined);
    if (value === undefined) refuse(`its ${name} is something else than a type, True, False or a tuple of sizes`);
    fields.set(name, value);
    const behind = next();
    if (behind.mark === "}") break;
    expectMark(",", behind);
  }
  const rest = text.slice(TOKEN.lastIndex).trim();
  if (rest !== "") refuse("more follows its end");
  return fields;
}

/** A type as NumPy's `dtype` takes it: order, kind and bytes, or one of its other names. */
function parseType(description: string): NumpyType {
  const [, order, name] = /^([<>=|]?)(.*)$/su.exec(description)!;
  return { description, code: synonyms[name] ?? name, bigEndian: order === ">" };
}

/**
 * The type of elements that `tensor` makes of a NumPy type.
 *
 * @param refuse - throws, given that it is none
 */
export function elementType({ code, description }: NumpyType, refuse: Refuse): ElementType {
  if (code === "O") return refuse("holds Python's objects, which are not read. Save it as numbers");
  const known = [...elementTypes.keys()].map(descriptionOf).join(", ");
  return elementTypes.get(code) ?? refuse(`has elements ${description}; known are ${known}`);
}

/** Elements as they are in memory here, little-endian: a copy where they were not. */
export function littleEndian(bytes: Uint8Array, { code, bigEndian }: NumpyType): Uint8Array<ArrayBuffer> {
  const width = Number(code.slice(1));
  if (!bigEndian || width === 1) return bytes as Uint8Array<ArrayBuffer>;
  const copy = Buffer.from(new Uint8Array(bytes).buffer);
  return width === 2 ? copy.swap16() : width === 4 ? copy.swap32() : copy.swap64();
}

/** An array of little-endian bytes whose header is known, in row-major order. */
export function tensorOf(dtype: ElementType, { shape, fortran }: NpyHeader, bytes: Uint8Array<ArrayBuffer>): Tensor {
  if (!fortran) return tensorFromBytes(dtype, shape, bytes);
  const reversed = [...shape].reverse();
  const tensor = tensorFromBytes(dtype, reversed, bytes);
  const axes = shape.map((_, axis) => axis).reverse();
  return { dtype, shape, data: transpose(tensor.data, reversed, axes) };
}
