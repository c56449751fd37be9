/** @file bfloat16: the upper half of a float32's bits. */

/** The float32 numbers that bits of bfloat16 stand for. */
export function widen(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
}

/** The bits of the nearest bfloat16 numbers, of two equally near ones the even; NaN stays NaN. */
export function narrow(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (word, index) =>
    Number.isNaN(values[index]) ? 0x7fc0 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16,
  );
}
