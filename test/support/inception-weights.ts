/** @file Weights for the Inception network by a rule, in place of the official ones: what golden features were computed with. */

import type { Tensor } from "../../src/io/tensors/tensor.js";
import { tensorShapes } from "../../src/quality/inception/weights.js";

/** FNV-1a of a text. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193);
  return h;
}

/** The last step of MurmurHash3. */
function mix(x: number): number {
  let y = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  y = Math.imul(y ^ (y >>> 13), 0xc2b2ae35);
  return y ^ (y >>> 16);
}

/** The tensor of a name: mix(mix(k) ^ hash(name)) / 2³¹ − 1 for element k, scaled and moved. */
function ruled(name: string, shape: readonly number[]): Tensor {
  if (name.endsWith("num_batches_tracked")) return { dtype: "int64", shape: [], data: new BigInt64Array(1) };
  const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
  const [offset, scale] = name.endsWith(".conv.weight")
    ? [0, Math.sqrt(6 / fanIn)]
    : name === "fc.weight"
      ? [0, Math.sqrt(3 / 2048)]
      : name.endsWith(".bn.weight")
        ? [1, 0.1]
        : name.endsWith(".bn.running_var")
          ? [1, 0.3]
          : [0, 0.1];
  const h = hash(name);
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  for (let k = 0; k < data.length; k++) data[k] = offset + ((mix(mix(k) ^ h) >>> 0) / 2 ** 31 - 1) * scale;
  return { dtype: "float32", shape: [...shape], data };
}

/** All 566 tensors of the official file, filled by the rule. */
export const ruledTensors = (): Map<string, Tensor> =>
  new Map([...tensorShapes()].map(([name, shape]) => [name, ruled(name, shape)]));
