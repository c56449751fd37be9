/** @file Rounding as Python does it, which published numbers depend on. */

/** The nearest integer; of two equally near, the even one. */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}
