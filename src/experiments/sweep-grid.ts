/**
 * @file The cells of a sweep: pairs of guidance weights, each at one or more seeds; and those that the paper has
 * figures of (Table 2).
 */
import { UserError } from "../errors.js";

/** What is swept. Lists are ascending, without repetitions. */
export interface SweepGrid {
  /** Weights w_μ of the mean, the columns of the paper's Table 2. */
  means: number[];
  /** Weights w_σ of the variance, its rows. */
  variances: number[];
  seeds: number[];
}

/** One set of samples. Cells of a seed share their noise and labels. */
export interface SweepCell {
  mean: number;
  variance: number;
  seed: number;
}

/** More cells than this are measured by nobody, and shown on no page. */
const MOST_CELLS = 1000;

/**
 * Puts a grid in order.
 *
 * @throws UserError when a list is empty or names a value twice, or there are more than 1000 cells
 */
export function sweepGrid({ means, variances, seeds }: SweepGrid): SweepGrid {
  const grid = {
    means: ascending(means, "weights of the mean"),
    variances: ascending(variances, "weights of the variance"),
    seeds: ascending(seeds, "seeds"),
  };
  const count = grid.means.length * grid.variances.length * grid.seeds.length;
  if (count > MOST_CELLS) {
    throw new UserError(
      "too-large",
      `Sweep: expected at most ${MOST_CELLS} sets of samples, got ${count}. Give fewer weights.`,
    );
  }
  return grid;
}

function ascending(values: number[], what: string): number[] {
  const sorted = values.map((value) => value + 0).toSorted((a, b) => a - b); // −0 is 0
  const twice = sorted.find((value, index) => value === sorted[index - 1]);
  if (sorted.length === 0) throw new UserError("invalid-options", `Sweep: expected ${what}, got none.`);
  if (twice !== undefined)
    throw new UserError("invalid-options", `Sweep: expected different ${what}, got ${twice} twice.`);
  return sorted;
}

/** All cells, a whole table of one seed after another. */
export function cellsOf({ means, variances, seeds }: SweepGrid): SweepCell[] {
  return seeds.flatMap((seed) => variances.flatMap((variance) => means.map((mean) => ({ mean, variance, seed }))));
}

/** What a cell is called, in file names too: "mean-1.5-variance-5-seed-0". */
export const cellName = ({ mean, variance, seed }: SweepCell): string =>
  `mean-${mean}-variance-${variance}-seed-${seed}`;

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
