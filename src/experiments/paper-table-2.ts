/** @file What we know of the paper's Table 2: guided samples of its ImageNet 64 cascade. */

/** One cell of the table. */
export interface PublishedCell {
  mean: number;
  variance: number;
  fid: number;
  precision?: number;
  recall?: number;
}

/** Without guidance, and the two best cells; weights of 0 are plain conditional sampling, as here. */
export const paperTable2: readonly PublishedCell[] = [
  { mean: 0, variance: 0, fid: 37.0, precision: 0.49, recall: 0.5 },
  { mean: 1.5, variance: 5, fid: 17.6 },
  { mean: 2, variance: 5, fid: 17.5, precision: 0.66, recall: 0.39 },
];
