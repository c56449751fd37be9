/** @file A classifier's weights as a safetensors file. */
import { entries, rebuild } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { digestOfWeights } from "../../inference/weights-digest.js";
import { encodeSafetensors, readSafetensors } from "../../io/tensors/safetensors.js";
import { type Classifier, classifierSpecs } from "./network.js";

/** Where the file says the digest of its weights. */
const DIGEST = "sha256";

/** The file for these weights. */
export function encodeClassifier(weights: Classifier<Float32Array>): Uint8Array {
  const specs = classifierSpecs(weights.output.bias.length);
  const shapes = new Map(entries(specs).map(([name, { shape }]) => [name, shape]));
  const tensors = entries(weights).map(
    ([name, data]) => [name, { dtype: "float32", shape: shapes.get(name)!, data }] as const,
  );
  return encodeSafetensors(new Map(tensors), { [DIGEST]: digestOfWeights(weights) });
}

/**
 * The weights of a file.
 *
 * @param where - the file's name, for messages
 * @throws UserError when it is no classifier of this kind, or not as it was written
 */
export function decodeClassifier(bytes: Uint8Array, where: string): Classifier<Float32Array> {
  const { tensors, metadata } = readSafetensors(bytes, where);
  const specs = classifierSpecs(tensors.get("output.bias")?.data.length ?? 0);
  const found = entries(specs).map(([name, { shape }]) => {
    const tensor = tensors.get(name);
    if (tensor?.dtype === "float32" && `${tensor.shape}` === `${shape}`) return tensor.data as Float32Array;
    const got = tensor ? `${tensor.dtype} [${tensor.shape}]` : "nothing";
    throw new UserError(
      "damaged",
      `Expected a classifier in ${where}, with ${name} of float32 [${shape}], got ${got}. Delete the file: it is made again.`,
    );
  });
  const weights = rebuild(specs, found) as Classifier<Float32Array>;
  const digest = metadata[DIGEST];
  if (digest !== undefined && digest !== digestOfWeights(weights)) {
    throw new UserError(
      "damaged",
      `Expected a classifier in ${where} as it was written, but its weights are damaged. Delete the file: it is made again.`,
    );
  }
  return weights;
}
