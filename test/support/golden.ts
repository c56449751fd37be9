/** @file Reads golden tensors for tests, by a reader of its own so that a fault in the product's reader cannot hide. */
import { readFileSync } from "node:fs";
import { numpy as np } from "@jax-js/jax";

/** One golden tensor: row-major data and its shape. */
export interface Golden {
  shape: number[];
  data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;
}

const fixtures = new URL("../fixtures/", import.meta.url);

/** Tensors of one safetensors file under `test/fixtures`; asking for a name it lacks throws. */
export function readGolden(path: string): (name: string) => Golden {
  const file = readFileSync(new URL(path, fixtures));
  const headerEnd = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, headerEnd));
  return (name) => {
    if (!header[name]) throw new Error(`${path} has no tensor ${name}`);
    const { dtype, shape, data_offsets: offsets } = header[name];
    const bytes = new Uint8Array(file.subarray(headerEnd + offsets[0], headerEnd + offsets[1]));
    if (dtype === "F32") return { shape, data: new Float32Array(bytes.buffer) };
    if (dtype === "I32") return { shape, data: new Int32Array(bytes.buffer) };
    if (dtype === "U8") return { shape, data: bytes };
    throw new Error(`${path}: ${name} is ${dtype}; the reader knows F32, I32 and U8`);
  };
}

/** Parsed JSON file under `test/fixtures`. */
export function readGoldenJson(path: string) {
  return JSON.parse(readFileSync(new URL(path, fixtures), "utf8"));
}

/** A float32 array on the device holding a golden tensor. */
export function toArray({ shape, data }: Golden): np.Array {
  return np.array(Float32Array.from(data), { shape });
}
