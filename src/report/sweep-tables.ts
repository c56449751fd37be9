/**
 * @file A guidance sweep in numbers: tables like the paper's Table 2, also in Markdown and as lines for a spreadsheet,
 * and a chart of what guidance gives and takes.
 */

import * as Plot from "@observablehq/plot";
import type { CellResult } from "../experiments/sweep-folder.js";
import type { SweepGrid } from "../experiments/sweep-grid.js";
import { higherIsBetter, type QualityMetric, qualityMetrics } from "../quality/quality.js";
import { bestPlace, type HeatMap } from "./heat-map.js";
import { formatSpread, type Spread, spreadOf } from "./spread.js";
import { COLOURS, drawChart } from "./svg.js";
import type { Chart } from "./training-charts.js";

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

interface Point {
  recall: number;
  distance: number;
  mean: number;
  variance: number;
}

/** Room for the labels at the ends of the lines. */
const LABEL_ROOM = 26;

/**
 * Chart of distance against recall. A line joins the pairs of one variance weight, which stands at its end, where the mean
 * weight is largest; undefined where one of the two was not measured.
 */
export function tradeOffChart(tables: readonly SweepTable[]): Chart {
  const distance = tables.find(({ metric }) => metric === "fid");
  const recall = tables.find(({ metric }) => metric === "recall");
  if (!distance || !recall) return undefined;
  const { columns, rows } = distance;
  const points = rows.values.flatMap((variance, row) =>
    columns.values.flatMap((mean, column): Point[] => {
      const [x, y] = [recall.cells[row][column], distance.cells[row][column]];
      return x && y ? [{ recall: x.value, distance: y.value, mean, variance }] : [];
    }),
  );
  if (points.length < 2) return undefined;
  const ends = rows.values.flatMap((variance) => points.findLast((point) => point.variance === variance) ?? []);
  const best = bestWeights(distance);
  const bestPoint = points.filter(({ mean, variance }) => mean === best?.mean && variance === best?.variance);
  const at = { x: "recall", y: "distance" };
  return (width) =>
    drawChart(
      {
        description: `${distance.name} against ${recall.name} at every pair of guidance weights`,
        yLabel: distance.name,
        width,
        height: Math.round(Math.max(220, width * 0.5)),
        legend: [
          { name: "one variance weight", colour: COLOURS.muted, shape: "line" },
          { name: `best ${distance.name}`, colour: COLOURS.second, shape: "square" },
        ],
      },
      {
        marginRight: LABEL_ROOM,
        inset: 6,
        x: { nice: true },
        y: { nice: true },
        marks: [
          Plot.gridY({ stroke: COLOURS.rule, strokeOpacity: 1, ticks: 5 }),
          Plot.axisX({
            label: `${recall.name} →`,
            labelArrow: "none",
            ticks: Math.floor(width / 80),
            tickSize: 0,
          }),
          Plot.axisY({ label: null, ticks: 5, tickSize: 0 }),
          Plot.line(points, { ...at, z: "variance", stroke: COLOURS.muted, strokeOpacity: 0.6, strokeWidth: 1.25 }),
          Plot.dot(points, { ...at, fill: COLOURS.first, r: 3 }),
          Plot.dot(bestPoint, { ...at, fill: COLOURS.second, r: 5 }),
          Plot.text(ends, { ...at, text: ({ variance }: Point) => String(variance), dx: 8, textAnchor: "start" }),
        ],
      },
    );
}
