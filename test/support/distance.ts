/** @file Relative L2 distance, the measure of gradients against golden ones. */

/** |actual − expected| / |expected|, both norms L2 over all entries. */
export function relativeDistance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length)
    throw new RangeError(`expected ${expected.length} numbers, got ${actual.length}`);
  const norm = (values: number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const wanted = Array.from(expected);
  return norm(wanted.map((value, i) => actual[i] - value)) / norm(wanted);
}
