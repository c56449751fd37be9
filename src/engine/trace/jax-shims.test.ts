/** @file What older versions of Node lack is there while a function is traced, and gone afterwards. */
import { numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import { spec } from "../spec.js";
import { trace } from "./trace.js";

const iterators = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object;
const PLACES = [
  [iterators, "map"],
  [iterators, "filter"],
  [globalThis, "Float16Array"],
] as const;
const present = () => PLACES.filter(([target, name]) => name in target);

/** Takes away what Node 20 lacks while `action` runs. */
function asOnNode20(action: () => void): void {
  const had = PLACES.map(([target, name]) => Object.getOwnPropertyDescriptor(target, name));
  for (const [target, name] of PLACES) Reflect.deleteProperty(target, name);
  try {
    action();
  } finally {
    PLACES.forEach(([target, name], index) => {
      if (had[index]) Object.defineProperty(target, name, had[index]);
    });
  }
}

test("a function with einsum and an array of float64 is traced, and the process is left as it was", () => {
  asOnNode20(() => {
    const product = (x: np.Array) => np.einsum("ij,jk->ik", x, np.array(Float64Array.of(1, 2)).reshape([2, 1]));
    const { outputs } = trace(product, [spec([3, 2], "float64")]);
    expect(outputs.shape).toEqual([3, 1]);
    expect(present()).toEqual([]);
  });
});

test("nothing stays behind a function that throws", () => {
  asOnNode20(() => {
    const failing = (): np.Array => {
      expect(present()).toEqual(PLACES);
      throw new Error("not this one");
    };
    expect(() => trace(failing, [])).toThrow("not this one");
    expect(present()).toEqual([]);
  });
});
