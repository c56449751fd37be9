/** @file Mean and covariance of vectors, in float64. */

/** Of `count` vectors of `width` numbers. */
export interface Moments {
  count: number;
  /** [width] */
  mean: Float64Array;
  /** [width, width], divisor count − 1. */
  covariance: Float64Array;
}
