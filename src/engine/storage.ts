/**
 * @file Arrays in the order in which the machine keeps images.
 *
 * What is kept from run to run and only computed with in between, parameters above all, need not lie in memory as its
 * shape says. A function under `jit` with one of these names is the operation of that name; elsewhere it flattens.
 */
import { jit, type numpy as np } from "@jax-js/jax";
import type { Emit } from "./builder.js";
import type { Atom } from "./graph.js";

/** All elements of an image [N, C, H, W] in the machine's order. Consumes it. */
export const toStorage = jit(function toStorage(image: np.Array): np.Array {
  return image.flatten();
});

/** The image of this shape that `toStorage` made flat. Consumes it. */
export const fromStorage = jit(
  function fromStorage(flat: np.Array, shape: number[]): np.Array {
    return flat.reshape(shape);
  },
  { staticArgnums: [1] },
);

/** The result of calling the jitted function `name`, if it is one of these. */
export function storageCall(
  name: string,
  inputs: readonly Atom[],
  shape: readonly number[],
  emit: Emit,
): Atom[] | undefined {
  if (name === "toStorage") return emit("toStorage", inputs, {});
  if (name === "fromStorage") return emit("fromStorage", inputs, { shape });
  return undefined;
}
