/** @file A dense array on the host, as files hold it. */
import * as bfloat16 from "./bfloat16.js";
import * as float16 from "./float16.js";

const arrays = {
  float32: Float32Array,
  /** As bits: see `float16.ts` and `bfloat16.ts`. */
  float16: Uint16Array,
  bfloat16: Uint16Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** Types of elements that files are read and written with. */
export type ElementType = keyof typeof arrays;

/** Elements in row-major order. */
export interface Tensor {
  dtype: ElementType;
  shape: number[];
  data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | Uint16Array;
}

/** Bytes of one element. */
export const elementBytes = (dtype: ElementType): number => arrays[dtype].BYTES_PER_ELEMENT;

/** Elements of an array of this shape. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** The elements that little-endian bytes spell, in the memory of those bytes where it is aligned, else in a copy. */
export function tensorFromBytes(dtype: ElementType, shape: number[], bytes: Uint8Array<ArrayBuffer>): Tensor {
  const aligned = bytes.byteOffset % elementBytes(dtype) === 0 ? bytes : new Uint8Array(bytes);
  const { buffer, byteOffset, byteLength } = aligned;
  return { dtype, shape, data: new arrays[dtype](buffer, byteOffset, byteLength / elementBytes(dtype)) };
}

/** The bytes of the elements; no copy. */
export function bytesOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** The elements as float32 numbers, where they are of a type that float32 has all numbers of: no copy of float32 itself. */
export function float32Elements({ dtype, data }: Tensor): Float32Array | undefined {
  if (dtype === "float32") return data as Float32Array;
  if (dtype === "float16") return float16.widen(data as Uint16Array);
  return dtype === "bfloat16" ? bfloat16.widen(data as Uint16Array) : undefined;
}

/** Types that hold a float32 number, exactly or nearly. */
export type FloatType = "float32" | "float16" | "bfloat16";

/** The tensor of a type nearest to these elements; no copy for float32. */
export function floatTensor(elements: Float32Array, shape: readonly number[], dtype: FloatType = "float32"): Tensor {
  const data =
    dtype === "float32" ? elements : dtype === "float16" ? float16.narrow(elements) : bfloat16.narrow(elements);
  return { dtype, shape: [...shape], data };
}

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
