/** @file A guidance sweep as tables like the paper's Table 2: in numbers, in Markdown, and as lines for a spreadsheet. */

import type { CellResult } from "../experiments/sweep-folder.js";
import type { SweepGrid } from "../experiments/sweep-grid.js";
import { higherIsBetter, type QualityMetric, qualityMetrics } from "../quality/quality.js";
import { bestPlace, type HeatMap } from "./heat-map.js";
import { formatSpread, type Spread, spreadOf } from "./spread.js";

/** What was measured of a sweep. */
export interface SweepNumbers {
  grid: SweepGrid;
  cells: CellResult[];
}

/** One metric of a sweep. */
export interface SweepTable extends HeatMap {
  metric: QualityMetric;
}

/**
 * A table for each metric: over several seeds the mean, and the standard deviation (divisor n − 1). A pair of weights that
 * has no number at some seed has none here: the mean of the others would flatter it.
 */
export function sweepTables({ grid, cells }: SweepNumbers): SweepTable[] {
  const named = new Map(cells.flatMap(({ quality }) => quality.map(({ metric, name }) => [metric, name] as const)));
  return qualityMetrics.flatMap((metric) => {
    const name = named.get(metric);
    if (name === undefined) return [];
    const values = (mean: number, variance: number) =>
      cells
        .filter((cell) => cell.mean === mean && cell.variance === variance)
        .map(({ quality }) => quality.find((value) => value.metric === metric)?.value ?? Number.NaN);
    return [
      {
        metric,
        name,
        lowerIsBetter: !higherIsBetter(metric),
        columns: { label: "mean weight", values: grid.means },
        rows: { label: "variance weight", values: grid.variances },
        cells: grid.variances.map((variance) => grid.means.map((mean) => spreadOf(values(mean, variance)))),
      },
    ];
  });
}

/** A pair of weights in words. */
export const weightsText = (mean: number, variance: number): string => `mean ${mean}, variance ${variance}`;

/** The best pair of weights of a table, with its value; undefined when the table is empty. */
export function bestWeights(table: SweepTable): { mean: number; variance: number; spread: Spread } | undefined {
  const place = bestPlace(table);
  if (!place) return undefined;
  const { row, column } = place;
  return {
    mean: table.columns.values[column],
    variance: table.rows.values[row],
    spread: table.cells[row][column]!,
  };
}

/** One table in Markdown, as the paper prints it: variance weights downwards, mean weights to the right; the best in bold. */
export function sweepMarkdown(table: SweepTable): string {
  const { name, columns, rows, cells } = table;
  const best = bestPlace(table);
  const line = (texts: (string | number)[]) => `| ${texts.join(" | ")} |`;
  const body = rows.values.map((variance, row) => {
    const texts = columns.values.map((_, column) => {
      const cell = cells[row][column];
      const text = cell ? formatSpread(cell) : "–";
      return best?.row === row && best.column === column ? `**${text}**` : text;
    });
    return line([variance, ...texts]);
  });
  const corner = `${name.replaceAll("|", "\\|")}: variance ↓ mean →`;
  return [line([corner, ...columns.values]), line(["---", ...columns.values.map(() => "---:")]), ...body].join("\n");
}

/** A line for each set of samples; a number that could not be had is left out. */
export function sweepCsv({ cells }: SweepNumbers): string {
  const measured = qualityMetrics.filter((wanted) =>
    cells.some(({ quality }) => quality.some(({ metric }) => metric === wanted)),
  );
  const lines = cells.map(({ mean, variance, seed, quality, clamped, seconds }) => {
    const values = measured.map((wanted) => {
      const value = quality.find(({ metric }) => metric === wanted)?.value ?? Number.NaN;
      return Number.isFinite(value) ? value : "";
    });
    return [mean, variance, seed, ...values, clamped, seconds].join(",");
  });
  return `${[["mean", "variance", "seed", ...measured, "clamped", "seconds"].join(","), ...lines].join("\n")}\n`;
}
