/** @file Evaluates a function of arrays on host data: by the engine that the product runs on. */
import type { numpy as np } from "@jax-js/jax";
import {
  compile,
  defaultRuntime,
  leaves,
  map,
  type Runtime,
  rebuild,
  type Spec,
  spec,
  type TypedArray,
} from "../../src/engine/index.js";

/** Elements in row-major order and their shape. A class, so that trees of them end here. */
export class HostArray {
  constructor(
    readonly data: TypedArray,
    readonly shape: number[],
  ) {}
}

/** The types of arguments and results with host data in place of arrays. */
export type OnHost<T> = T extends np.Array ? HostArray : T extends object ? { [K in keyof T]: OnHost<T[K]> } : T;

const specOf = ({ data, shape }: HostArray): Spec => spec(shape, data instanceof Int32Array ? "int32" : "float32");

/** Calls `fn`, which takes and returns trees of arrays, with trees of host data. */
export const evaluate = <Arguments extends unknown[], Result>(
  fn: (...args: Arguments) => Result,
  ...args: { [I in keyof Arguments]: OnHost<Arguments[I]> }
): Promise<OnHost<Result>> => evaluateOn(defaultRuntime(), fn, ...args);

/** The same on another runtime. */
export async function evaluateOn<Arguments extends unknown[], Result>(
  runtime: Runtime,
  fn: (...args: Arguments) => Result,
  ...args: { [I in keyof Arguments]: OnHost<Arguments[I]> }
): Promise<OnHost<Result>> {
  const trees: unknown[] = args;
  const program = await compile(
    fn as (...given: unknown[]) => unknown,
    trees.map((tree) => map(tree, (leaf) => specOf(leaf as HostArray))),
    { runtime },
  );
  try {
    const result = await program.run(...trees.map((tree) => map(tree, (leaf) => (leaf as HostArray).data)));
    const values = leaves(result) as Float32Array[];
    const shapes = leaves(program.outputs) as Spec[];
    const arrays = values.map((data, i) => new HostArray(data, shapes[i].shape));
    return rebuild(program.outputs, arrays) as OnHost<Result>;
  } finally {
    await program.dispose();
  }
}
