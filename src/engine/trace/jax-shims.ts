/**
 * @file What jax-js needs and older versions of Node lack: `Float16Array` for `instanceof` checks (before Node 24), and helpers
 * on iterators (before Node 22), which `einsum` uses. They are there while a function is traced, which waits for nothing, so that no
 * other code of the process comes to see them.
 */

class Float16Array {
  constructor() {
    throw new TypeError("Expected a Node with arrays of float16 (24 or newer), got one without.");
  }
}

const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object;

const shims: { target: object; name: string; value: unknown }[] = [
  { target: globalThis, name: "Float16Array", value: Float16Array },
  {
    target: iteratorPrototype,
    name: "map",
    value: function* (this: Iterable<unknown>, fn: (value: unknown, index: number) => unknown) {
      let index = 0;
      for (const value of this) yield fn(value, index++);
    },
  },
  {
    target: iteratorPrototype,
    name: "filter",
    value: function* (this: Iterable<unknown>, fn: (value: unknown, index: number) => unknown) {
      let index = 0;
      for (const value of this) if (fn(value, index++)) yield value;
    },
  },
];

/** Adds what is missing, until it is disposed. */
export function addJaxShims(): Disposable {
  const missing = shims.filter(({ target, name }) => !(name in target));
  for (const { target, name, value } of missing) {
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
  }
  return {
    [Symbol.dispose]: () => {
      for (const { target, name } of missing) Reflect.deleteProperty(target, name);
    },
  };
}
