/** @file The weights of the Inception network from the file in which PyTorch's users share them. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { sameShape } from "../../engine/spec.js";
import { type ErrorCode, readFailure, UserError } from "../../errors.js";
import type { Tensor } from "../../io/tensors/tensor.js";
import { isTensor, readTorchFile } from "../../io/torch/torch-file.js";
import { CLASSES, FEATURES, units } from "./architecture.js";
import type { InceptionWeights, UnitWeights } from "./network.js";

/** Of batch normalisation. */
const EPSILON = 0.001;

/** The official file has 96 MB. */
const LARGEST_FILE = 2 ** 28;

/** Names and shapes of all 566 tensors of the official file; those that count batches are scalars. */
export function tensorShapes(): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const { name, shape } of units()) {
    shapes.set(`${name}.conv.weight`, shape);
    for (const part of ["weight", "bias", "running_mean", "running_var"]) shapes.set(`${name}.bn.${part}`, [shape[0]]);
    shapes.set(`${name}.bn.num_batches_tracked`, []);
  }
  return shapes.set("fc.weight", [CLASSES, FEATURES]).set("fc.bias", [CLASSES]);
}

/** Tensors that no feature depends on: files may lack them. */
const isUnused = (name: string): boolean => name.endsWith(".num_batches_tracked") || name === "fc.bias";

/**
 * The weights of a state dictionary, batch normalisation folded into the convolutions, in float64:
 *
 *     weight · γ / √(variance + 0.001)    and    β − mean · γ / √(variance + 0.001)
 *
 * @param where - the file's name, for messages
 * @throws UserError when tensors that are used are missing, or some are too many, of other shapes or types, or not finite
 */
export function foldWeights(tensors: ReadonlyMap<string, Tensor>, where: string): InceptionWeights<Float32Array> {
  const refuse = (problem: string): never => {
    throw new UserError(
      "unsupported-format",
      `Expected the weights of the Inception network of FID in ${where}, but ${problem}.`,
      { advice: "Give the official file.", details: { download: "inception" } },
    );
  };
  const shapes = tensorShapes();
  for (const name of tensors.keys()) if (!shapes.has(name)) refuse(`it has a tensor ${JSON.stringify(name)} too many`);
  for (const [name, shape] of shapes) {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      if (isUnused(name)) continue;
      return refuse(`${name} is missing`);
    }
    const dtype = name.endsWith(".num_batches_tracked") ? "int64" : "float32";
    if (tensor.dtype === dtype && sameShape(tensor.shape, shape)) continue;
    refuse(`${name} is ${tensor.dtype}[${tensor.shape}] in place of ${dtype}[${shape}]`);
  }
  const read = (name: string) => tensors.get(name)!.data as Float32Array;
  const unit = (name: string): UnitWeights<Float32Array> => {
    const [weight, gamma, beta, mean, variance] = [
      ...["conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"].map((part) =>
        read(`${name}.${part}`),
      ),
    ];
    const scale = Float64Array.from(gamma, (g, channel) => g / Math.sqrt(variance[channel] + EPSILON));
    const folded = new Float32Array(weight.length);
    const size = weight.length / gamma.length;
    for (let channel = 0, place = 0; channel < gamma.length; channel++) {
      for (const end = place + size; place < end; place++) folded[place] = weight[place] * scale[channel];
    }
    const bias = beta.map((b, channel) => b - mean[channel] * scale[channel]);
    if (![folded, bias].every(allFinite)) refuse(`${name} has weights that are not finite`);
    return { weight: folded, bias };
  };
  const classifier = read("fc.weight");
  if (!allFinite(classifier)) refuse("fc.weight is not finite");
  return { units: Object.fromEntries(units().map(({ name }) => [name, unit(name)])), classifier };
}

function allFinite(elements: Float32Array): boolean {
  for (const element of elements) if (!Number.isFinite(element)) return false;
  return true;
}

/**
 * Reads the weights from a checkpoint of PyTorch, in either of its formats.
 *
 * @returns also the file's SHA-256, in hexadecimal
 * @throws UserError when there is no such file or it is not what it should be
 */
export async function readInceptionWeights(
  path: string,
): Promise<{ weights: InceptionWeights<Float32Array>; sha256: string }> {
  const unreadable = (problem: string, code: ErrorCode = "unreadable"): never => {
    throw new UserError(code, `Expected the weights of the Inception network at ${path}, but ${problem}.`);
  };
  const status = await stat(path).catch((error: Error) =>
    unreadable(`they cannot be read: ${error.message}`, readFailure(error)),
  );
  if (!status.isFile()) return unreadable("it is no file");
  if (status.size > LARGEST_FILE)
    return unreadable(`it has ${status.size} bytes, and they have 95,628,359`, "too-large");
  const bytes = await readFile(path);
  const value = await readTorchFile(bytes, path);
  const named =
    value instanceof Map && [...value].every(([name, tensor]) => typeof name === "string" && isTensor(tensor));
  if (!named) return unreadable("it holds something else than tensors by name");
  return {
    weights: foldWeights(value as Map<string, Tensor>, path),
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
}
