/** @file The tree of parameters by dotted path. */
import { entries, map } from "../engine/tree.js";
import type { ModelParameters } from "./parameters.js";

/**
 * The tree with `fn` applied to every parameter, in one fixed order.
 *
 * @param fn - called with the dotted path, as in `generator.levels.0.layers.1.prior.conv1.weight`
 */
export function mapParameters<T, U>(
  parameters: ModelParameters<T>,
  fn: (parameter: T, path: string) => U,
): ModelParameters<U> {
  return map<unknown, U>(parameters, (leaf, path) => fn(leaf as T, path)) as ModelParameters<U>;
}

/** Every parameter with its dotted path, in the order of `mapParameters`. */
export const parameterEntries = <T>(parameters: ModelParameters<T>): [path: string, parameter: T][] =>
  entries<unknown>(parameters) as [string, T][];

/** Number of scalars in a tree of specs or arrays. */
export function countParameters(parameters: ModelParameters<{ shape: number[] }>): number {
  return parameterEntries(parameters).reduce((sum, [, { shape }]) => sum + shape.reduce((size, n) => size * n, 1), 0);
}
