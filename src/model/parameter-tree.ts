/** @file Walking a tree of parameters by dotted path, and counting them. */
import { isPlainObject } from "../engine/tree.js";
import type { ModelParameters } from "./parameters.js";

/** Nested lists and plain objects with leaves T, which are neither; absent fields are `undefined`. */
type Nested<T> = T | Nested<T>[] | { [key: string]: Nested<T> } | undefined;

function walk<T, U>(tree: Nested<T>, fn: (leaf: T, path: string) => U, prefix: string): Nested<U> {
  if (tree === undefined) return undefined;
  if (Array.isArray(tree)) return tree.map((child, index) => walk(child, fn, `${prefix}${index}.`));
  if (!isPlainObject(tree)) return fn(tree as T, prefix.slice(0, -1));
  return Object.fromEntries(
    Object.entries(tree).map(([key, child]) => [key, walk(child as Nested<T>, fn, `${prefix}${key}.`)]),
  );
}

/**
 * The tree with `fn` applied to every parameter, in one fixed order.
 *
 * @param fn - called with the dotted path, as in `generator.levels.0.layers.1.prior.conv1.weight`
 */
export function mapParameters<T, U>(
  parameters: ModelParameters<T>,
  fn: (parameter: T, path: string) => U,
): ModelParameters<U> {
  return walk(parameters as Nested<T>, fn, "") as ModelParameters<U>;
}

/** Every parameter with its dotted path, in the order of `mapParameters`. */
export function parameterEntries<T>(parameters: ModelParameters<T>): [path: string, parameter: T][] {
  const found: [string, T][] = [];
  mapParameters(parameters, (parameter, path) => found.push([path, parameter]));
  return found;
}

/** Number of scalars in a tree of specs or arrays. */
export function countParameters(parameters: ModelParameters<{ shape: number[] }>): number {
  return parameterEntries(parameters).reduce((sum, [, { shape }]) => sum + shape.reduce((size, n) => size * n, 1), 0);
}
