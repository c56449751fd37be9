import { expect, test } from "vitest";
import { arrayOf, global, latin1, pickled } from "../../../test/support/flax-files.js";
import { UserError } from "../../errors.js";
import { jaxGlobals } from "./jax-pickle.js";
import type { NumpyArray } from "./numpy-pickle.js";
import { unpickle } from "./pickle.js";

const refuse = (problem: string): never => {
  throw new UserError("damaged", problem);
};
const read = (file: Buffer) => unpickle(file, { where: "a.p", globals: jaxGlobals }).value;
const bytes = Uint8Array.of(0xc0, 0x3f, 0x00, 0xc0); // 1.5, −2

test("a JAX array is the NumPy array that it was made of, bfloat16 its bits", () => {
  const file = pickled(
    arrayOf({ shape: [2], bytes, type: "bfloat16" }, { array: "jax._src.array _reconstruct_array" }),
  );
  expect((read(file) as NumpyArray).tensor(refuse)).toEqual({
    dtype: "bfloat16",
    shape: [2],
    data: Uint16Array.of(0x3fc0, 0xc000),
  });
});

test.each<[string, Buffer, string]>([
  [
    "a JAX array that something else makes",
    pickled(global("jax._src.array _reconstruct_array"), latin1("("), global("numpy dtype"), latin1(")N}tR")),
    "a JAX array is made of no NumPy array",
  ],
  [
    "a JAX array of JAX arrays, endlessly",
    pickled(
      global("jax._src.array _reconstruct_array"),
      latin1("("),
      global("jax._src.array _reconstruct_array"),
      latin1(")N}tR"),
    ),
    "a JAX array is made of no NumPy array",
  ],
  [
    "a JAX array without state",
    pickled(
      global("jax._src.array _reconstruct_array"),
      latin1("("),
      global("numpy.core.multiarray _reconstruct"),
      latin1(")N}tR"),
    ),
    "a NumPy array has no shape or no type",
  ],
  [
    "a FrozenDict of a list",
    pickled(global("flax.core.frozen_dict FrozenDict"), latin1("]\x85R")),
    "a FrozenDict of Flax is made of no dictionary",
  ],
  [
    "a FrozenDict of Flax before 0.3.3",
    pickled(global("flax.core.frozen_dict FrozenDict"), latin1(")\x81N}\x86b")),
    "a FrozenDict of Flax is made of no dictionary",
  ],
  [
    "a type of another package",
    pickled(global("ml_dtypes float8_e5m2")),
    'it asks for Python\'s "ml_dtypes float8_e5m2"',
  ],
])("refuses %s", (_, file, message) => {
  expect(() => read(file)).toThrow(UserError);
  expect(() => read(file)).toThrow(message);
});
