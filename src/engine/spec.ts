/** @file What the engine calls an array: its element type and shape, and the typed arrays that hold its elements. */

/**
 * Element types that a program may contain. bfloat16, the upper half of a float32, is for arrays that are kept, not for traced
 * functions to compute with; the pass `narrow-activations` computes with it where a device multiplies it fastest.
 * float64 is for sums and products that need its digits: on the CPU alone, and numbers written in a traced function are
 * rounded to float32 even there, so those that are not exact in it have to be arguments.
 */
export type DType = "float32" | "float64" | "int32" | "bool" | "bfloat16";

/** Elements in row-major order: bool as one byte each, bfloat16 as its bits. */
export interface ElementsOf {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  bool: Uint8Array;
  bfloat16: Uint16Array;
}

/** Elements of an array of any type that the engine has. */
export type TypedArray = ElementsOf[DType];

const constructors = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  bool: Uint8Array,
  bfloat16: Uint16Array,
} as const;

/** Number of elements of an array of this shape. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Whether two shapes are one: as many axes, of the same sizes. */
export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/** An abstract array: shape and element type without elements. `compile` needs no more to trace a function. */
export class Spec {
  readonly weakType = false; // jax-js reads it: a strong type, as of a real array

  constructor(
    readonly shape: number[],
    readonly dtype: DType = "float32",
  ) {}

  get size(): number {
    return sizeOf(this.shape);
  }

  toString(): string {
    return `${this.dtype}[${this.shape.join(",")}]`;
  }
}

/** Shorthand for `new Spec(shape, dtype)`. */
export const spec = (shape: readonly number[], dtype: DType = "float32"): Spec => new Spec([...shape], dtype);

/** A typed array for the elements of `spec`, over `buffer` when one is given. */
export function allocate(dtype: DType, size: number, buffer?: ArrayBuffer): TypedArray {
  return buffer ? new constructors[dtype](buffer, 0, size) : new constructors[dtype](size);
}

/** Throws unless `data` can hold the elements of `expected`; `where` names the array in the message. */
export function checkElements(data: unknown, expected: Spec, where: string): asserts data is TypedArray {
  const Elements = constructors[expected.dtype];
  // By its tag and not by `instanceof`: Jest and vm contexts have classes of their own beside those of threads and files.
  const got = ArrayBuffer.isView(data)
    ? Object.prototype.toString.call(data).slice("[object ".length, -1)
    : typeof data;
  if (got !== Elements.name) {
    throw new TypeError(`${where}: expected ${Elements.name} for ${expected}, got ${got}`);
  }
  const { length } = data as TypedArray;
  if (length !== expected.size) {
    throw new RangeError(`${where}: expected ${expected.size} elements for ${expected}, got ${length}`);
  }
}
