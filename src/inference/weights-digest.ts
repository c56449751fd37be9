/** @file Telling weights apart. */
import { createHash } from "node:crypto";
import { entries } from "../engine/index.js";
import { bytesOf } from "../io/tensors/tensor.js";

/** SHA-256 over all weights in their order, in hexadecimal. */
export function digestOfWeights<Weights>(weights: Weights): string {
  const hash = createHash("sha256");
  for (const [name, data] of entries(weights) as [string, Float32Array][]) {
    hash.update(`${name}:${data.length};`).update(bytesOf({ dtype: "float32", shape: [data.length], data }));
  }
  return hash.digest("hex");
}
