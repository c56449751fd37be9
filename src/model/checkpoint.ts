/** @file Marks for the engine: which activations to keep for the backward pass when the others are computed again there. */
import { jit, type numpy as np } from "@jax-js/jax";

/** x itself, kept when blocks are rematerialised. Consumes x; the engine knows it by this name. */
export const checkpoint = jit(function checkpoint(x: np.Array): np.Array {
  return x;
});
