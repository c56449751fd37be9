/** @file What jax-js needs and Node 20 lacks: `Float16Array` for `instanceof` checks, and helpers on iterators. */

type Globals = { Float16Array?: unknown };

(globalThis as Globals).Float16Array ??= class Float16Array {};

const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as Record<
  string,
  unknown
>;

function define(
  name: string,
  method: (this: Iterable<unknown>, fn: (value: unknown, index: number) => unknown) => unknown,
) {
  if (!(name in iteratorPrototype)) {
    Object.defineProperty(iteratorPrototype, name, { value: method, configurable: true, writable: true });
  }
}

define("map", function* (fn) {
  let index = 0;
  for (const value of this) yield fn(value, index++);
});

define("filter", function* (fn) {
  let index = 0;
  for (const value of this) if (fn(value, index++)) yield value;
});
