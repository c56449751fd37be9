/** @file Evaluates a function of arrays on host data, by whatever engine the tests run on. */
import { numpy as np } from "@jax-js/jax";
import { map, type Tree } from "../../src/engine/tree.js";

/** Elements in row-major order and their shape. A class, so that trees of them end here. */
export class HostArray {
  constructor(
    readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>,
    readonly shape: number[],
  ) {}
}

/** `tree` with every `HostArray` replaced by an array of jax-js. */
const toDevice = (tree: unknown) =>
  map<HostArray, np.Array>(tree as Tree<HostArray>, ({ data, shape }) => np.array(data, { shape }));

/** `tree` with every array read back and freed. */
const toHost = (tree: unknown) =>
  map<np.Array, HostArray>(tree as Tree<np.Array>, (array) => {
    const { shape } = array;
    return new HostArray(array.dataSync() as HostArray["data"], shape);
  });

/** The types of arguments and results with host data in place of arrays. */
export type OnHost<T> = T extends np.Array ? HostArray : T extends object ? { [K in keyof T]: OnHost<T[K]> } : T;

/** Calls `fn`, which takes and returns trees of arrays, with trees of host data. */
export async function evaluate<Arguments extends unknown[], Result>(
  fn: (...args: Arguments) => Result,
  ...args: { [I in keyof Arguments]: OnHost<Arguments[I]> }
): Promise<OnHost<Result>> {
  return toHost(fn(...(args.map(toDevice) as unknown as Arguments))) as unknown as OnHost<Result>;
}
