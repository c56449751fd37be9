/** @file Trees: nested arrays and plain objects with leaves of one kind, taken apart and put together in one fixed order. */

/** A value of type `Leaf`, or an array or plain object of trees. */
export type Tree<Leaf> = Leaf | Tree<Leaf>[] | { [key: string]: Tree<Leaf> };

/** The same shape as `T` with every leaf of type `From` replaced by `To`. */
export type Mapped<T, From, To> = T extends From
  ? To
  : T extends readonly unknown[]
    ? { [I in keyof T]: Mapped<T[I], From, To> }
    : T extends object
      ? { [K in keyof T]: Mapped<T[K], From, To> }
      : T;

/** Whether something is a plain object, also one of another thread or context, whose `Object` is not ours. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  const prototype = typeof value === "object" && value !== null && Object.getPrototypeOf(value);
  return Boolean(prototype) && Object.getPrototypeOf(prototype) === null;
}

/** Leaves with the path that leads to each, arrays by index and objects by key in insertion order; `undefined` is no leaf. */
export function entries<Leaf>(tree: Tree<Leaf>, path = ""): [path: string, leaf: Leaf][] {
  if (tree === undefined) return [];
  const join = (key: string | number) => (path === "" ? `${key}` : `${path}.${key}`);
  if (Array.isArray(tree)) return tree.flatMap((child, index) => entries<Leaf>(child, join(index)));
  if (isPlainObject(tree)) {
    return Object.entries(tree).flatMap(([key, child]) => entries<Leaf>(child as Tree<Leaf>, join(key)));
  }
  return [[path, tree as Leaf]];
}

/** Leaves in the order of `entries`. */
export function leaves<Leaf>(tree: Tree<Leaf>): Leaf[] {
  return entries<Leaf>(tree).map(([, leaf]) => leaf);
}

/** The tree with `fn` applied to every leaf. */
export function map<From, To>(tree: Tree<From>, fn: (leaf: From, path: string) => To, path = ""): Tree<To> {
  const join = (key: string | number) => (path === "" ? `${key}` : `${path}.${key}`);
  if (tree === undefined) return tree as never;
  if (Array.isArray(tree)) return tree.map((child, index) => map(child, fn, join(index)));
  if (isPlainObject(tree)) {
    return Object.fromEntries(
      Object.entries(tree).map(([key, child]) => [key, map(child as Tree<From>, fn, join(key))]),
    );
  }
  return fn(tree as From, path);
}

/** A tree shaped like `like` holding `values` in the order of `leaves(like)`. */
export function rebuild<From, To>(like: Tree<From>, values: readonly To[]): Tree<To> {
  let next = 0;
  const tree = map<From, To>(like, () => values[next++]);
  if (next !== values.length) throw new RangeError(`expected ${next} leaves, got ${values.length}`);
  return tree;
}
