/** @file Trees of numbers as the named tensors of a file, and back. */
import { sameShape } from "../../engine/spec.js";
import { entries, type LeafOf, leaves, type Mapped, rebuild } from "../../engine/tree.js";
import { UserError } from "../../errors.js";
import { type FloatType, float32Elements, floatTensor } from "../../io/tensors/tensor.js";
import type { Tensors } from "./checkpoint.js";

/** What is known of an array before there is one. */
interface Shaped {
  readonly shape: readonly number[];
}

/** The tree of numbers for a tree of shapes. */
export type Elements<Shapes> = Mapped<Shapes, LeafOf<Shapes>, Float32Array>;

/** Tensors named by dotted path. */
export function toTensors<Shapes>(shapes: Shapes, values: Elements<Shapes>, dtype: FloatType = "float32"): Tensors {
  const data = leaves(values) as Float32Array[];
  const named = entries(shapes) as [path: string, leaf: Shaped][];
  return new Map(named.map(([path, { shape }], index) => [path, floatTensor(data[index], shape, dtype)]));
}

/**
 * The tree whose leaves are the tensors of those names, as float32.
 *
 * @param where - the file, for the message
 * @throws UserError unless there is exactly one tensor of the right type and shape for every leaf
 */
export function fromTensors<Shapes>(shapes: Shapes, tensors: Tensors, where: string): Elements<Shapes> {
  const wanted = entries(shapes) as [path: string, leaf: Shaped][];
  const values = wanted.map(([path, { shape }]) => {
    const tensor = tensors.get(path);
    const isOfShape = tensor && sameShape(tensor.shape, shape);
    const elements = isOfShape ? float32Elements(tensor) : undefined;
    if (elements) return elements;
    const got = tensor ? `${tensor.dtype} [${tensor.shape.join(", ")}]` : "none";
    throw new UserError(
      "wrong-model",
      `Expected the tensor ${path} of shape float32 [${shape.join(", ")}] in ${where}, got ${got}. The file belongs to another model.`,
    );
  });
  if (tensors.size !== wanted.length) {
    const known = new Set(wanted.map(([path]) => path));
    const surplus = [...tensors.keys()].find((path) => !known.has(path));
    throw new UserError(
      "wrong-model",
      `Expected ${wanted.length} tensors in ${where}, got ${tensors.size}, among them ${surplus}. The file belongs to another model.`,
    );
  }
  return rebuild(shapes, values);
}
