/**
 * @file JAX's arrays and Flax's dictionaries in pickles. A JAX array is written as the NumPy array that it is a copy of, and
 * as what type inference knew of it, which is nothing to a reader. Before JAX 0.3.14 it was written as the NumPy array alone.
 */
import { NumpyArray, numpyGlobals } from "./numpy-pickle.js";
import type { PickleFunction, PickleGlobals } from "./pickle.js";

const emptyArray = numpyGlobals.get("numpy._core.multiarray _reconstruct");

/** (NumPy's `_reconstruct`, its arguments, the array's state, what was inferred of it). */
const jaxArray: PickleFunction = ([make, , state], refuse) => {
  if (make !== emptyArray) return refuse("a JAX array is made of no NumPy array");
  const array = new NumpyArray();
  array.setState(state, refuse);
  return array;
};

/** Flax writes one around the whole tree; the dictionaries inside are Python's. */
const frozenDictionary: PickleFunction = ([content], refuse) =>
  content instanceof Map ? content : refuse("a FrozenDict of Flax is made of no dictionary");

/** What pickles of Flax's parameters ask for, beside `numpyGlobals`; both arrays are `NumpyArray`. */
export const jaxGlobals: PickleGlobals = new Map<string, unknown>([
  ...numpyGlobals,
  ["jax._src.device_array reconstruct_device_array", jaxArray], // JAX 0.3.14 to 0.4.6
  ["jax.experimental.array _reconstruct_array", jaxArray], // 0.3.15 to 0.3.17, where asked for
  ["jax._src.array _reconstruct_array", jaxArray], // since 0.3.18
  ["flax.core.frozen_dict FrozenDict", frozenDictionary],
]);
