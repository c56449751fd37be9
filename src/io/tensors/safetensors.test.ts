import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../../errors.js";
import { writeFileAtomic } from "../files/atomic-file.js";
import { encodeSafetensors, readSafetensors, readSafetensorsFile, safetensorsPieces } from "./safetensors.js";
import type { Tensor } from "./tensor.js";

const weights: Tensor = { dtype: "float32", shape: [2, 3], data: Float32Array.of(1, -2, Number.NaN, 4, 5, 1e-30) };
const labels: Tensor = { dtype: "int32", shape: [2], data: Int32Array.of(-7, 9) };
const pixels: Tensor = { dtype: "uint8", shape: [3], data: Uint8Array.of(0, 128, 255) };

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "strata-safetensors-"));
});
afterAll(() => rm(folder, { recursive: true }));

const tensors = new Map([
  ["b", weights],
  ["a", labels],
  ["empty", { dtype: "float32", shape: [0, 4], data: new Float32Array() } satisfies Tensor],
  ["pixels", pixels],
]);

test("reads back what was written", () => {
  const read = readSafetensors(encodeSafetensors(tensors, { made: "by a test" }));
  expect(new Map([...read.tensors].sort())).toEqual(new Map([...tensors].sort()));
  expect(read.metadata).toEqual({ made: "by a test" });
});

test("the same tensors in another order give the same bytes", () => {
  expect(encodeSafetensors(new Map([...tensors].reverse()))).toEqual(encodeSafetensors(tensors));
});

/** A file with this header text and so many bytes of data. */
function file(header: string, bytes = 0): Uint8Array {
  const text = Buffer.from(header);
  const whole = Buffer.alloc(8 + text.length + bytes);
  whole.writeBigUInt64LE(BigInt(text.length));
  text.copy(whole, 8);
  return whole;
}
const entry = (shape: number[], from: number, to: number, dtype = "F32") =>
  JSON.stringify({ dtype, shape, data_offsets: [from, to] });
/** A file whose header claims so many bytes, with this behind the claim. */
function claiming(length: bigint, behind: Uint8Array): Uint8Array {
  const claim = Buffer.alloc(8);
  claim.writeBigUInt64LE(length);
  return Buffer.concat([claim, behind]);
}
const justTooLong = 100_000_001;
const sizes = (shape: string, from: string, to: string) =>
  `{"a":{"dtype":"F32","shape":${shape},"data_offsets":[${from},${to}]}}`;

const hostile: Record<string, [bytes: Uint8Array, message: string]> = {
  "no bytes": [new Uint8Array(), "it has 0 bytes"],
  "seven bytes": [new Uint8Array(7), "it has 7 bytes"],
  "a length and nothing else": [claiming(60n, Buffer.alloc(0)), "header claims 60 bytes"],
  "an empty header": [file(""), "no JSON"],
  "a header longer than the file": [claiming(2n ** 60n, Buffer.alloc(8)), "header claims 1152921504606846976 bytes"],
  "a header of 2⁶⁴ − 1 bytes": [claiming(2n ** 64n - 1n, Buffer.alloc(8)), "header claims 18446744073709551615 bytes"],
  "a header one byte longer than the file": [claiming(3n, Buffer.from("{}")), "header claims 3 bytes"],
  "a whole header of more than 100 MB": [
    claiming(BigInt(justTooLong), Buffer.alloc(justTooLong, " ").fill("{}", 0, 2)),
    "header claims 100000001 bytes",
  ],
  "a header cut off": [file('{"a"'), "no JSON"],
  "a header behind white space": [file(" {}"), "no object"],
  "a header behind a byte order mark": [file("\ufeff{}"), "no JSON"],
  "two headers, one behind the other": [file("{}{}"), "no JSON"],
  "a zero byte behind the header": [file("{}\0"), "no JSON"],
  "a comma too many": [file("{},"), "no JSON"],
  "a header that is null": [file("null"), "no object"],
  "a header that is a text": [file('"{}"'), "no object"],
  "half a surrogate pair in UTF-8": [
    Buffer.concat([claiming(7n, Buffer.from('{"')), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('":')]),
    "no JSON",
  ],
  "a header that is no JSON": [file("hello!!!"), "no JSON"],
  "a header that is no object": [file("[1, 2]"), "no object"],
  "a header that is not UTF-8": [
    Buffer.concat([file("").subarray(0, 0), Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])]),
    "no JSON",
  ],
  "the same name twice": [file(`{"a":${entry([1], 0, 4)},"a":${entry([1], 0, 4)}}`, 4), 'names "a" twice'],
  "the same name twice, spelled differently": [
    file(String.raw`{"a":${entry([1], 0, 4)},"\u0061":${entry([1], 0, 4)}}`, 4),
    'names "a" twice',
  ],
  "a field given twice": [
    file('{"a":{"dtype":"F32","dtype":"F64","shape":[1],"data_offsets":[0,4]}}', 4),
    '"dtype" twice',
  ],
  "a very long name": [file(`{"${"a".repeat(5_000_000)}":1}`), "is malformed"],
  "lists within lists": [file(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`), 'entry "a" is malformed'],
  "objects within objects": [file(`{"a":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}`), 'entry "a" is malformed'],
  "an entry that is null": [file('{"a":null}'), 'entry "a" is malformed'],
  "an entry that is a list": [file('{"a":["F32",[1],[0,4]]}', 4), 'entry "a" is malformed'],
  "an unknown field": [
    file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"strides":[1]}}', 4),
    'entry "a" is malformed',
  ],
  "three offsets": [file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}', 8), 'entry "a" is malformed'],
  "one offset": [file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}', 4), 'entry "a" is malformed'],
  "an offset as text": [file(sizes("[1]", '"0"', "4"), 4), 'entry "a" is malformed'],
  "a negative offset": [file(sizes("[1]", "-4", "0"), 4), 'entry "a" is malformed'],
  "an offset beyond 2⁵³": [file(sizes("[1]", "9007199254740992", "9007199254740996"), 4), 'entry "a" is malformed'],
  "an offset of 2⁶⁴ − 1": [file(sizes("[1]", "0", "18446744073709551615"), 4), 'entry "a" is malformed'],
  "an offset beyond all numbers": [file(sizes("[1]", "0", "1e999"), 4), 'entry "a" is malformed'],
  "a size beyond 2⁵³": [file(sizes("[2,18446744073709551614]", "0", "16"), 16), 'entry "a" is malformed'],
  "a size whose bytes go beyond 2⁵³": [file(sizes("[9007199254740991]", "0", "4"), 4), "too large"],
  "a size that is a fraction": [file(sizes("[1.5]", "0", "6"), 6), 'entry "a" is malformed'],
  "a size that is true": [file(sizes("[true]", "0", "4"), 4), 'entry "a" is malformed'],
  "a shape that is a number": [file(sizes("1", "0", "4"), 4), 'entry "a" is malformed'],
  "bytes for a shape without elements": [file(`{"a":${entry([2, 0], 0, 4)}}`, 4), "has 4 bytes, its shape needs 0"],
  "no bytes for a shape with elements": [file(`{"a":${entry([2, 2], 0, 0)}}`), "has 0 bytes, its shape needs 16"],
  "a tensor that does not begin at the beginning": [
    file(`{"a":${entry([1], 4, 8)}}`, 8),
    'the tensor "a" begins at 4, where 0 is next',
  ],
  "ten tensors in one place": [
    file(`{${Array.from({ length: 10 }, (_, i) => `"w${i}":${entry([2, 2], 0, 16)}`).join()}}`, 16),
    "an overlap or a hole",
  ],
  "an empty tensor amid another": [
    file(`{"a":${entry([2], 0, 8)},"b":${entry([0], 4, 4)}}`, 8),
    "an overlap or a hole",
  ],
  "data without a tensor": [file("{}", 4), "4 bytes follow"],
  "another format behind the last tensor": [
    Buffer.concat([file(`{"a":${entry([1], 0, 4)}}`, 4), Buffer.from("PK\u0003\u0004 polyglot")]),
    "13 bytes follow",
  ],
  "the last two bytes missing": [file(`{"a":${entry([2, 2], 0, 16)}}`, 14), "ends at 16, the data at 14"],
  "elements of half a byte": [file(`{"a":${entry([3], 0, 1, "F4")}}`, 1), "elements of type F4"],
  "an element type in small letters": [file(`{"a":${entry([1], 0, 4, "f32")}}`, 4), "elements of type f32"],
  "an element type of JavaScript's own": [
    file(`{"a":${entry([1], 0, 4, "constructor")}}`, 4),
    "elements of type constructor",
  ],
  "metadata twice": [file('{"__metadata__":{},"__metadata__":{}}'), 'names "__metadata__" twice'],
  "metadata that is a list": [file('{"__metadata__":["a"]}'), "metadata"],
  "metadata within metadata": [file('{"__metadata__":{"a":{"b":"c"}}}'), "metadata"],
  "an end before its beginning": [file(`{"a":${entry([1], 4, 0)}}`, 4), "has -4 bytes"],
  "a fraction of a byte": [file(`{"a":${entry([1], 0.5, 4.5)}}`, 8), 'entry "a" is malformed'],
  "a missing field": [file('{"a":{"dtype":"F32","shape":[1]}}', 4), 'entry "a" is malformed'],
  "a negative size": [file(`{"a":${entry([-1], 0, 4)}}`, 4), 'entry "a" is malformed'],
  "an unknown element type": [file(`{"a":${entry([1], 0, 4, "F8_E4M3")}}`, 4), "elements of type F8_E4M3"],
  "an overlap": [file(`{"a":${entry([2], 0, 8)},"b":${entry([1], 4, 8)}}`, 8), "an overlap or a hole"],
  "a hole": [file(`{"a":${entry([1], 0, 4)},"b":${entry([1], 8, 12)}}`, 12), "an overlap or a hole"],
  "a shape that does not fit": [file(`{"a":${entry([3], 0, 8)}}`, 8), "has 8 bytes, its shape needs 12"],
  "a product that overflows": [file(`{"a":${entry([2 ** 40, 2 ** 40], 0, 4)}}`, 4), "too large"],
  "an end behind the data": [file(`{"a":${entry([4], 0, 16)}}`, 8), "ends at 16, the data at 8"],
  "data behind the last tensor": [file(`{"a":${entry([1], 0, 4)}}`, 8), "4 bytes follow"],
  "metadata that is no text": [file('{"__metadata__":{"a":1}}'), "metadata"],
};
for (const [name, [bytes, message]] of Object.entries(hostile)) {
  test(`refuses ${name}, in memory and on disk`, async () => {
    expect(() => readSafetensors(bytes, "evil.safetensors")).toThrow(UserError);
    expect(() => readSafetensors(bytes, "evil.safetensors")).toThrow(message);
    expect(() => readSafetensors(bytes, "evil.safetensors")).toThrow("evil.safetensors");
    const path = join(folder, "evil.safetensors");
    await writeFile(path, bytes);
    const read = readSafetensorsFile(path);
    await expect(read).rejects.toThrow(UserError);
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toThrow(path);
  });
}

test("reads what the reference reads: no tensors, none of the elements, a scalar, white space behind the header", () => {
  expect(readSafetensors(file("{}\r \t\n")).tensors.size).toBe(0);
  expect(readSafetensors(file(`{"a":${entry([2, 0], 0, 0)}}`)).tensors.get("a")!.data).toHaveLength(0);
  expect(readSafetensors(file(`{"a":${entry([], 0, 4)}}`, 4)).tensors.get("a")).toMatchObject({ shape: [] });
});

test("reads a file tensor by tensor, with its hash", async () => {
  const path = join(folder, "pieces.safetensors");
  await writeFileAtomic(path, safetensorsPieces(tensors, { made: "by a test" }));
  const bytes = await readFile(path);
  expect(bytes.equals(encodeSafetensors(tensors, { made: "by a test" }))).toBe(true);
  const { sha256, ...read } = await readSafetensorsFile(path);
  expect(read).toEqual(readSafetensors(bytes));
  expect(sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
});

test("every tensor of a written file is aligned, whatever types come together", () => {
  const file = encodeSafetensors(new Map([...tensors, ["c", { ...pixels, shape: [3, 1] }], ["d", weights]]));
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(Buffer.from(file).toString("utf8", 8, 8 + length));
  expect((8 + length) % 8).toBe(0);
  for (const { dtype, data_offsets } of Object.values<{ dtype: string; data_offsets: number[] }>(header)) {
    expect(data_offsets[0] % (dtype === "U8" ? 1 : 4)).toBe(0);
  }
  expect(Object.keys(header)).toEqual(["a", "b", "d", "empty", "c", "pixels"]);
});

test("reads tensors from bytes of any alignment", () => {
  const shifted = Buffer.concat([Buffer.alloc(1), encodeSafetensors(tensors)]).subarray(1);
  expect(readSafetensors(shifted).tensors.get("b")).toEqual(weights);
});

test("a missing file is named", async () => {
  const path = join(folder, "none.safetensors");
  await expect(readSafetensorsFile(path)).rejects.toThrow(`Expected a safetensors file at ${path}`);
});

test("a tensor whose elements do not fill its shape is never written", () => {
  expect(() => encodeSafetensors(new Map([["short", { ...weights, shape: [2, 4] }]]))).toThrow(
    'Tensor "short": expected elements for shape [2,4], got 6',
  );
});

test("names that mean something to JavaScript or JSON are names like others", () => {
  const odd = new Map([
    ["__proto__", weights],
    ['quo"te\\', labels],
    ["constructor", pixels],
  ]);
  expect(readSafetensors(encodeSafetensors(odd)).tensors).toEqual(odd);
});
