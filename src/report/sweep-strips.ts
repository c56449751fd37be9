/** @file The same few samples at rising guidance weights, a row each (paper Figures 4 and 5). */
import type { KeptCell } from "../experiments/sweep-folder.js";
import type { SweepGrid } from "../experiments/sweep-grid.js";
import { concatenate, imageGrid } from "../inference/picture-grid.js";
import type { Picture } from "./page-parts.js";
import { weightsText } from "./sweep-tables.js";

/** A strip, and what its file may be called. */
export interface SweepStrip extends Picture {
  name: "mean" | "variance" | "both";
}

interface Weights {
  mean: number;
  variance: number;
}

/**
 * Three strips of the first seed, as far as they have more than one row: the mean's weight alone, the variance's alone, and both.
 *
 * @param best - a pair of weights to be named so; the last strip ends with it where it is not in it
 */
export async function sweepStrips(
  { grid, cells }: { grid: SweepGrid; cells: readonly KeptCell[] },
  best?: Weights,
): Promise<SweepStrip[]> {
  const { means, variances } = grid;
  const [still, steady] = [nearestToZero(means), nearestToZero(variances)];
  const diagonal = diagonalOf(grid);
  const seen = diagonal.some((weights) => isSame(weights, best));
  const plans = [
    {
      name: "mean" as const,
      title: `Mean weight, the variance's at ${steady}`,
      rows: means.map((mean) => ({ mean, variance: steady })),
    },
    {
      name: "variance" as const,
      title: `Variance weight, the mean's at ${still}`,
      rows: variances.map((variance) => ({ mean: still, variance })),
    },
    {
      name: "both" as const,
      title: "Both weights",
      rows: best && !seen ? [...diagonal, best] : diagonal,
    },
  ];
  const line = means.length > 1 !== variances.length > 1; // one weight alone is swept: its own strip says all
  const strips: SweepStrip[] = [];
  for (const { name, title, rows } of plans) {
    const drawn = rows.flatMap((weights) => {
      const pictures = picturesAt(cells, weights, grid.seeds[0]);
      return pictures ? [{ ...weights, pictures }] : [];
    });
    if (name === "both" ? line || drawn.length === 0 : drawn.length < 2) continue;
    const rowLabels = drawn.map((weights) => labelOf(weights, best));
    const all = concatenate(drawn.map(({ pictures }) => pictures));
    strips.push({
      name,
      title,
      caption: "a column is one sample: the same noise and the same label in every row",
      png: await imageGrid(all, drawn[0].pictures.count, { rowLabels }),
    });
  }
  return strips;
}

const isSame = (weights: Weights, other: Weights | undefined): boolean =>
  weights.mean === other?.mean && weights.variance === other.variance;

const labelOf = (weights: Weights, best: Weights | undefined): string =>
  `${weightsText(weights.mean, weights.variance)}${isSame(weights, best) ? ", best" : ""}`;

const picturesAt = (cells: readonly KeptCell[], weights: Weights, seed: number) =>
  cells.find(({ result }) => isSame(result, weights) && result.seed === seed)?.pictures;

const nearestToZero = (values: number[]): number =>
  values.reduce((nearest, value) => (Math.abs(value) < Math.abs(nearest) ? value : nearest));

/** Pairs from the corner of the least weights to that of the largest. */
function diagonalOf({ means, variances }: SweepGrid): Weights[] {
  const steps = Math.max(means.length, variances.length) - 1;
  const at = (values: number[], step: number) => values[Math.round((step * (values.length - 1)) / Math.max(steps, 1))];
  return Array.from({ length: steps + 1 }, (_, step) => ({ mean: at(means, step), variance: at(variances, step) }));
}
