import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../errors.js";
import { writeFileAtomic } from "./atomic-file.js";
import { encodeNpz } from "./npz.js";
import { encodeSafetensors, readSafetensors } from "./safetensors.js";
import type { Tensor } from "./tensor.js";

const weights: Tensor = { dtype: "float32", shape: [2, 3], data: Float32Array.of(1, -2, Number.NaN, 4, 5, 1e-30) };
const labels: Tensor = { dtype: "int32", shape: [2], data: Int32Array.of(-7, 9) };
const pixels: Tensor = { dtype: "uint8", shape: [3], data: Uint8Array.of(0, 128, 255) };

describe("safetensors", () => {
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
    test(`refuses ${name}`, () => {
      expect(() => readSafetensors(bytes, "evil.safetensors")).toThrow(UserError);
      expect(() => readSafetensors(bytes, "evil.safetensors")).toThrow(message);
      expect(() => readSafetensors(bytes, "evil.safetensors")).toThrow("evil.safetensors");
    });
  }
});

describe("npz", () => {
  test("holds npy arrays with NumPy's header", () => {
    const files = unzipSync(encodeNpz({ arr_0: pixels, arr_1: weights }));
    const npy = Buffer.from(files["arr_0.npy"]);
    expect(npy.subarray(0, 8)).toEqual(Buffer.from("\x93NUMPY\x01\x00", "latin1"));
    const length = npy.readUInt16LE(8);
    expect((10 + length) % 64).toBe(0);
    expect(npy.toString("latin1", 10, 10 + length)).toBe(
      `${"{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }".padEnd(length - 1)}\n`,
    );
    expect([...npy.subarray(10 + length)]).toEqual([0, 128, 255]);
    expect(Buffer.from(files["arr_1.npy"]).toString("latin1")).toContain(
      "'<f4', 'fortran_order': False, 'shape': (2, 3)",
    );
  });
});

describe("atomic files", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "strata-formats-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("replace the old file and leave nothing beside it", async () => {
    const path = join(folder, "file.bin");
    await writeFileAtomic(path, Buffer.from("old"));
    await writeFileAtomic(path, Buffer.from("new"));
    expect(await readFile(path, "utf8")).toBe("new");
    expect(await readdir(folder)).toEqual(["file.bin"]);
  });

  test("a place that cannot be written is named", async () => {
    const path = join(folder, "missing", "file.bin");
    await expect(writeFileAtomic(path, Buffer.from("x"))).rejects.toThrow(`Expected to write ${path}`);
  });
});
