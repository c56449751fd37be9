/** @file The error of any figure of many images, from what it would be without a part of them. */

/** Parts that images are divided into; image i is of part i modulo this. */
export const JACKKNIFE_GROUPS = 10;

/** 97.5 % quantile of Student's t with nine degrees of freedom, one less than there are parts. */
const STUDENT = 2.262157;

/**
 * Standard error of a figure by the delete-a-group jackknife (Shao and Tu 1995, *The Jackknife and Bootstrap*, §2.3):
 *
 *     √((g − 1) / g · Σ (θ₋ₖ − θ̄)²)        θ₋ₖ: the figure without part k, θ̄: their mean
 *
 * Unlike the bootstrap it repeats no image. Repeated images would be each other's nearest neighbours and change every figure that
 * is made of pairs.
 *
 * @param leftOut - θ₋ₖ of every part, [g]
 */
export function jackknifeError(leftOut: readonly number[]): number {
  const parts = leftOut.length;
  const mean = leftOut.reduce((sum, value) => sum + value, 0) / parts;
  const squares = leftOut.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(((parts - 1) / parts) * squares);
}

/** A range that holds the true value in 95 of 100 cases. */
export interface Interval {
  low: number;
  high: number;
}

/** The 95 % interval of a value whose standard error is {@link jackknifeError}'s. */
export const jackknifeInterval = (value: number, standardError: number): Interval => ({
  low: value - STUDENT * standardError,
  high: value + STUDENT * standardError,
});

/** Rows of a matrix without those of one part, and those of that part: [N, width] each. */
export function divideRows(
  rows: Float32Array,
  width: number,
  part: number,
): { rest: Float32Array; part: Float32Array } {
  const count = rows.length / width;
  const size = Math.max(0, Math.ceil((count - part) / JACKKNIFE_GROUPS));
  const divided = { rest: new Float32Array(rows.length - size * width), part: new Float32Array(size * width) };
  const filled = { rest: 0, part: 0 };
  for (let row = 0; row < count; row++) {
    const side = row % JACKKNIFE_GROUPS === part ? "part" : "rest";
    divided[side].set(rows.subarray(row * width, (row + 1) * width), filled[side]);
    filled[side] += width;
  }
  return divided;
}
