/** @file How far numbers are from golden ones, in the terms of the fixtures' tolerances. */

/** |actual − expected| / |expected|, both norms L2 over all entries. */
export function relativeDistance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length)
    throw new RangeError(`expected ${expected.length} numbers, got ${actual.length}`);
  const norm = (values: number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const wanted = Array.from(expected);
  return norm(wanted.map((value, i) => actual[i] - value)) / norm(wanted);
}

/** max |actual − expected| / max |expected|. */
export function maxRelativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length)
    throw new RangeError(`expected ${expected.length} numbers, got ${actual.length}`);
  let [difference, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(actual[i] - expected[i])); // NaN stays
    size = Math.max(size, Math.abs(expected[i]));
  }
  return difference / size;
}
