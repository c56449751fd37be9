/**
 * @file Arrays in the order in which the machine keeps images.
 *
 * What is kept from run to run and only computed with in between, parameters above all, need not lie in memory as its
 * shape says. The engine knows these functions by their names (`named-operations.ts`); elsewhere they flatten and shape.
 */
import { jit, type numpy as np } from "@jax-js/jax";

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
