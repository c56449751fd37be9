/** @file Arrays with their axes in another order. */
import { elementCount, type Tensor } from "./tensor.js";

/**
 * The elements of an array with its axes reordered, `np.transpose(array, axes)`, in row-major order and memory of their own.
 *
 * @param data - elements in row-major order; borrowed
 * @param shape - of the array as it is
 * @param axes - for each axis of the result, which one of `shape` it is
 */
export function transpose<T extends Tensor["data"]>(data: T, shape: readonly number[], axes: readonly number[]): T {
  const stride = (axis: number) => elementCount(shape.slice(axis + 1));
  const result = data.slice() as T;
  // elements are only moved, and a union of arrays of numbers and of bigints has no way to say so
  const [from, to] = [data, result] as unknown as [Float32Array, Float32Array];
  let next = 0;
  const move = (depth: number, start: number): void => {
    if (depth === axes.length) {
      to[next++] = from[start];
      return;
    }
    const [size, step] = [shape[axes[depth]], stride(axes[depth])];
    if (depth < axes.length - 1) for (let i = 0; i < size; i++) move(depth + 1, start + i * step);
    else for (let i = 0; i < size; i++) to[next++] = from[start + i * step];
  };
  move(0, 0);
  return result;
}
