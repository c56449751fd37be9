/** @file What guidance gives and takes: distance to the reference against recall, for every pair of weights. */
import * as Plot from "@observablehq/plot";
import { COLOURS, drawChart } from "./svg.js";
import { bestWeights, type SweepTable } from "./sweep-tables.js";
import type { Chart } from "./training-charts.js";

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
