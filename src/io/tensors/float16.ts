/** @file float16 (IEEE 754 binary16): a sign, five bits of exponent, ten of fraction. */

/** 2^-24, the smallest number above 0, and below 2^-14 the step from one number to the next. */
const SMALLEST = 2 ** -24;
const INFINITY_BITS = 0x7c00;
const NAN_BITS = 0x7e00;

/** The number of each of the 65,536 patterns of bits; made when it is first needed. */
let numbers: Float32Array | undefined;

/** The numbers that bits of float16 stand for; all are float32 numbers. */
export function widen(bits: Uint16Array): Float32Array<ArrayBuffer> {
  numbers ??= Float32Array.from({ length: 0x10000 }, (_, half) => numberOf(half));
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = numbers[bits[i]];
  return values;
}

function numberOf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * SMALLEST : (0x400 + fraction) * 2 ** (exponent - 25));
}

/** The bits of the nearest float16 numbers, of two equally near ones the even; from 65,520 on infinity; NaN stays NaN. */
export function narrow(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(words, (word, index) => {
    const sign = (word >>> 16) & 0x8000;
    const magnitude = Math.abs(values[index]);
    if (Number.isNaN(magnitude)) return NAN_BITS;
    if (magnitude >= 65_520) return sign | INFINITY_BITS;
    if (magnitude < 2 ** -14) return sign | roundToEven(magnitude / SMALLEST);
    const bits = (word & 0x7fffffff) - (112 << 23); // the exponent's bias is 15 instead of 127
    return sign | ((bits + 0xfff + ((bits >>> 13) & 1)) >>> 13);
  });
}

/** The nearest whole number, of two equally near ones the even. */
function roundToEven(x: number): number {
  const below = Math.floor(x);
  return x - below > 0.5 || (x - below === 0.5 && below % 2 === 1) ? below + 1 : below;
}
