/** @file A table of numbers as a chart: every cell coloured by its value, which stands in it. */
import * as Plot from "@observablehq/plot";
import { formatSignificant } from "../number-format.js";
import { formatSpread, type Spread } from "./spread.js";
import { COLOURS, drawChart, type LegendEntry } from "./svg.js";

/** Numbers by row and column. */
export interface HeatMap {
  /** What the numbers are: "FID". */
  name: string;
  lowerIsBetter: boolean;
  /** What columns and rows differ in, and the values they have there. */
  columns: { label: string; values: number[] };
  rows: { label: string; values: number[] };
  /** [row][column]; undefined where nothing was measured. */
  cells: (Spread | undefined)[][];
}

/** Where a cell of a table is. */
export interface Place {
  row: number;
  column: number;
}

/** Colours from the worst value to the best: one hue, ever darker, so that it reads the same for all eyes, in grey, and on any page. */
const RAMP = ["#e6edf3", "#8db3cf", "#2f6690", "#123049"].map(channelsOf);
const INKS = ["#18181b", "#ffffff"];
const CELL = { width: 92, height: 38 };
const MARGIN = { left: 44, right: 14, top: 52, bottom: 36 };
/** Narrower charts have no room for what is written above the cells. */
const LEAST_WIDTH = 330;
const GAP = 1;

/** The cell with the best value, the first of equals; undefined when there is none. */
export function bestPlace({ cells, lowerIsBetter }: Pick<HeatMap, "cells" | "lowerIsBetter">): Place | undefined {
  const places = cells.flatMap((line, row) =>
    line.flatMap((cell, column) =>
      isKnown(cell) ? [{ row, column, cost: lowerIsBetter ? cell.value : -cell.value }] : [],
    ),
  );
  const least = Math.min(...places.map(({ cost }) => cost));
  const best = places.find(({ cost }) => cost === least);
  return best && { row: best.row, column: best.column };
}

/**
 * The chart: rows downwards and columns to the right in the order given, as in the paper's Table 2. The darker a cell, the
 * better its value; the best one is framed. One without a value, or with one that is not finite, is dashed and holds a dash.
 *
 * @param width - of the page in pixels; a chart of few columns is narrower
 */
export function heatMap(map: HeatMap, width: number): string {
  const { columns, rows, name } = map;
  const cellsWidth = Math.min(width - MARGIN.left - MARGIN.right, CELL.width * columns.values.length);
  const chartWidth = Math.max(MARGIN.left + cellsWidth + MARGIN.right, LEAST_WIDTH);
  const all = rows.values.flatMap((row, r) =>
    columns.values.map((column, c) => ({ row: String(row), column: String(column), cell: map.cells[r]?.[c] })),
  );
  const range = rangeOf(map);
  const known = all.flatMap(({ cell, ...place }) =>
    isKnown(cell)
      ? [{ ...place, text: formatSpread(cell, "\n"), colour: rampColour(goodness(cell.value, range)) }]
      : [],
  );
  const missing = all.filter(({ cell }) => !isKnown(cell));
  const best = bestPlace(map);
  const framed = best ? [{ row: String(rows.values[best.row]), column: String(columns.values[best.column]) }] : [];
  const at = { x: "column", y: "row" };
  return drawChart(
    {
      description: description(map, best),
      yLabel: `${name}; ${rows.label} ↓`,
      width: chartWidth,
      height: MARGIN.top + CELL.height * rows.values.length + MARGIN.bottom,
      legend: legendOf(range),
    },
    {
      marginLeft: MARGIN.left,
      marginRight: chartWidth - MARGIN.left - cellsWidth,
      marginBottom: MARGIN.bottom,
      x: { type: "band", domain: columns.values.map(String), padding: 0 },
      y: { type: "band", domain: rows.values.map(String), padding: 0 },
      marks: [
        Plot.axisX({ label: `${columns.label} →`, labelArrow: "none", tickSize: 0 }),
        Plot.axisY({ label: null, tickSize: 0 }),
        Plot.cell(known, { ...at, fill: "colour", inset: GAP, rx: 2 }),
        Plot.cell(missing, {
          ...at,
          fill: "none",
          stroke: COLOURS.muted,
          strokeDasharray: "2 3",
          inset: 2 * GAP,
          rx: 2,
        }),
        Plot.text(missing, { ...at, text: () => "–", fill: COLOURS.muted }),
        Plot.text(known, { ...at, text: "text", fill: ({ colour }) => inkOn(colour), lineHeight: 1.2 }),
        Plot.cell(framed, { ...at, fill: "none", stroke: COLOURS.second, strokeWidth: 2.5, inset: GAP, rx: 2 }),
      ],
    },
  );
}

const isKnown = (cell: Spread | undefined): cell is Spread => cell !== undefined && Number.isFinite(cell.value);

/** The worst value and the best; undefined when there is none. */
function rangeOf({ cells, lowerIsBetter }: HeatMap): { worst: number; best: number } | undefined {
  const values = cells
    .flat()
    .filter(isKnown)
    .map(({ value }) => value);
  if (values.length === 0) return undefined;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return lowerIsBetter ? { worst: high, best: low } : { worst: low, best: high };
}

/** 0 for the worst value, 1 for the best; the middle when all are the same. */
function goodness(value: number, range: { worst: number; best: number } | undefined): number {
  return range && range.best !== range.worst ? (value - range.worst) / (range.best - range.worst) : 0.5;
}

function legendOf(range: { worst: number; best: number } | undefined): LegendEntry[] {
  if (!range) return [{ name: "no values", colour: COLOURS.muted, shape: "square" }];
  const shape = "square";
  return [
    { name: `worst ${formatSignificant(range.worst)}`, colour: rampColour(0), shape },
    { name: `best ${formatSignificant(range.best)}`, colour: rampColour(1), shape },
  ];
}

function description({ name, columns, rows, cells }: HeatMap, best: Place | undefined): string {
  const what = `${name} by ${columns.label} (columns) and ${rows.label} (rows)`;
  if (!best) return `${what}: no values`;
  const value = cells[best.row][best.column]?.value ?? Number.NaN;
  return `${what}; the best, ${formatSignificant(value)}, at ${columns.label} ${columns.values[best.column]}, ${rows.label} ${rows.values[best.row]}`;
}

/** A colour of the ramp, at 0 … 1 of it. */
export function rampColour(at: number): string {
  const position = Math.min(Math.max(at, 0), 1) * (RAMP.length - 1);
  const below = Math.min(Math.floor(position), RAMP.length - 2);
  const mixed = RAMP[below].map((channel, index) => channel + (position - below) * (RAMP[below + 1][index] - channel));
  return `#${mixed.map((channel) => Math.round(channel).toString(16).padStart(2, "0")).join("")}`;
}

/** Black or white, whichever can be read better on a colour. */
export const inkOn = (colour: string): string =>
  contrast(INKS[0], colour) >= contrast(INKS[1], colour) ? INKS[0] : INKS[1];

/** Contrast of two colours, 1 to 21 (WCAG 2.2: (L₁ + 0.05) / (L₂ + 0.05), with L the relative luminance). */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = channelsOf(colour)
    .map((channel) => channel / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** "#2f6690" → [47, 102, 144]. */
function channelsOf(colour: string): number[] {
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16));
}
