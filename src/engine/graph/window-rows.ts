/** @file Where the elements of windows lie. */

import { sizeOf } from "../spec.js";
import { windowCounts } from "./shapes.js";

/** Flat row numbers, in the space of `sizes`, that every window over it covers: [windows…, …window]. */
export function windowRows(
  sizes: readonly number[],
  window: readonly number[],
  strides: readonly number[],
): Int32Array {
  const shape = [...windowCounts(sizes, window, strides), ...window];
  return Int32Array.from({ length: sizeOf(shape) }, (_, flat) => {
    const position = new Array<number>(shape.length);
    let rest = flat;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis] = rest % shape[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    return sizes.reduce(
      (row, size, axis) => row * size + position[axis] * strides[axis] + position[axis + sizes.length],
      0,
    );
  });
}
