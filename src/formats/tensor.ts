/** @file A dense array on the host, as files hold it. */

const arrays = {
  float32: Float32Array,
  /** As bits: see `bfloat16.ts`. */
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
