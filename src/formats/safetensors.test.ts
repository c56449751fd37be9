import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UserError } from "../errors.js";
import { writeFileAtomic } from "./atomic-file.js";
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
const longHeader = Buffer.alloc(16);
longHeader.writeBigUInt64LE(2n ** 60n);

const hostile: Record<string, [bytes: Uint8Array, message: string]> = {
  "no bytes": [new Uint8Array(), "it has 0 bytes"],
  "a header longer than the file": [longHeader, "header claims 1152921504606846976 bytes"],
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
