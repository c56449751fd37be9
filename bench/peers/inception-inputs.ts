/** @file What competitors in the Inception network start from: weights by a rule, and pictures, in a file. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Spec } from "../../src/engine/index.js";
import { toBytes } from "../../src/inference/pictures.js";
import { encodeSafetensors } from "../../src/io/tensors/safetensors.js";
import type { Tensor } from "../../src/io/tensors/tensor.js";
import { type InceptionWeights, inceptionSpecs } from "../../src/quality/inception/network.js";
import { foldWeights } from "../../src/quality/inception/weights.js";
import { ruledTensors } from "../../test/support/inception-weights.js";
import { wave } from "../measure.js";
import { withFolder } from "../scratch.js";

/** Calls `use` with a file of `NAME.weight` and `NAME.bias` of all convolutions, `classifier`, and `images`. */
export function withInceptionInputs<T>(
  batch: number,
  resolution: number,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const { units, classifier } = foldWeights(ruledTensors(), "the rule");
  const specs = inceptionSpecs();
  const tensors = new Map<string, Tensor>();
  const add = (name: string, data: Float32Array, { shape }: Spec) =>
    tensors.set(name, { dtype: "float32", shape, data });
  for (const [name, unit] of Object.entries(units)) {
    for (const part of ["weight", "bias"] as const) add(`${name}.${part}`, unit[part], specs.units[name][part]);
  }
  add("classifier", classifier, specs.classifier);
  const images = toBytes(wave(batch * 3 * resolution ** 2));
  tensors.set("images", { dtype: "uint8", shape: [batch, 3, resolution, resolution], data: images });
  return withFolder((folder) => {
    const path = join(folder, "inputs.safetensors");
    writeFileSync(path, encodeSafetensors(tensors));
    return use(path);
  });
}

/** The weights in such a file. */
export function inceptionWeights(tensors: ReadonlyMap<string, Tensor>): InceptionWeights<Float32Array> {
  const read = (name: string) => tensors.get(name)!.data as Float32Array;
  const units = Object.keys(inceptionSpecs().units).map((name) => {
    return [name, { weight: read(`${name}.weight`), bias: read(`${name}.bias`) }];
  });
  return { units: Object.fromEntries(units), classifier: read("classifier") };
}
