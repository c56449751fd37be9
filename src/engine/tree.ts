/** @file Trees: nested arrays and plain objects, taken apart and put together in one fixed order. */

/** What ends a branch: a number, a typed array, or anything that has a shape. */
type Leaf = string | number | boolean | null | ArrayBufferView | { readonly shape: unknown };

/** The leaves of a tree of type `T`; absent fields have none. */
export type LeafOf<T> = unknown extends T
  ? unknown
  : T extends Leaf
    ? T
    : T extends readonly (infer Child)[]
      ? LeafOf<Child>
      : T extends object
        ? LeafOf<T[keyof T]>
        : never;

/** A tree of the shape of `T` with `To` in place of every leaf of type `From`. */
export type Mapped<T, From, To> = T extends From
  ? To
  : T extends readonly unknown[]
    ? { -readonly [I in keyof T]: Mapped<T[I], From, To> }
    : T extends object
      ? { [K in keyof T]: Mapped<T[K], From, To> }
      : T;

/** Whether something is a plain object, also one of another thread or context, whose `Object` is not ours. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  const prototype = typeof value === "object" && value !== null && Object.getPrototypeOf(value);
  return Boolean(prototype) && Object.getPrototypeOf(prototype) === null;
}

/** `walk` is `map` without types, which no recursion over a tree of unknown shape can have. */
function walk(tree: unknown, fn: (leaf: never, path: string) => unknown, path: string): unknown {
  if (tree === undefined) return undefined;
  const join = (key: string | number) => (path === "" ? `${key}` : `${path}.${key}`);
  if (Array.isArray(tree)) return tree.map((child, index) => walk(child, fn, join(index)));
  if (!isPlainObject(tree)) return fn(tree as never, path);
  return Object.fromEntries(Object.entries(tree).map(([key, child]) => [key, walk(child, fn, join(key))]));
}

/**
 * The tree with `fn` applied to every leaf, arrays by index and objects by key in insertion order; `undefined` is no leaf.
 *
 * @param fn - called with the path too, keys joined by dots: `levels.0.weight`
 */
export function map<T, To>(tree: T, fn: (leaf: LeafOf<T>, path: string) => To): Mapped<T, LeafOf<T>, To> {
  return walk(tree, fn, "") as Mapped<T, LeafOf<T>, To>;
}

/** Leaves with the path that leads to each, in the order of `map`. */
export function entries<T>(tree: T): [path: string, leaf: LeafOf<T>][] {
  const found: [string, LeafOf<T>][] = [];
  map(tree, (leaf, path) => found.push([path, leaf]));
  return found;
}

/** Leaves in the order of `map`. */
export function leaves<T>(tree: T): LeafOf<T>[] {
  return entries(tree).map(([, leaf]) => leaf);
}

/**
 * A tree shaped like `like` with `values`, in the order of `map`, in place of its leaves.
 *
 * @throws RangeError when there are more or fewer values than leaves
 */
export function rebuild<T, To>(like: T, values: readonly To[]): Mapped<T, LeafOf<T>, To> {
  let next = 0;
  const tree = map(like, () => values[next++]);
  if (next !== values.length) throw new RangeError(`expected ${next} leaves, got ${values.length}`);
  return tree;
}
