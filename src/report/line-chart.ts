/** @file Curves over images seen, or over anything else that grows: thinned, smoothed, without what would stretch the axis. */
import * as Plot from "@observablehq/plot";
import { COLOURS, drawChart, type LegendEntry } from "./svg.js";

export interface Series {
  name: string;
  points: Point[];
  dashed?: boolean;
  /** By default left to the chart: the first, second … of its colours. */
  colour?: string;
}

export interface LineChartOptions {
  /** One sentence for those who cannot see the chart. */
  description: string;
  xLabel: string;
  yLabel: string;
  /** How numbers along the x axis are written, in d3's notation. Default `~s`, thousands as 1k. */
  xFormat?: string;
  /** Where the x axis has numbers. Default: as many round ones as there is room for. */
  xTicks?: number[];
  width: number;
  height?: number;
  /** The y axis begins at 0. */
  fromZero?: boolean;
  /** Values measured with noise: drawn faintly, their running median over them. */
  noisy?: boolean;
}

const PALETTE = [COLOURS.first, COLOURS.second, COLOURS.third, COLOURS.fourth];
/** Curves that have a colour of their own; those after them begin again. */
export const COLOURS_OF_CURVES = PALETTE.length;
/** Values that span more than this factor get a logarithmic axis. */
const LOGARITHMIC_FROM = 20;
/** Curves of so few points show each of them. */
const DOTS_UP_TO = 40;

/** Whether there is a point to draw. */
export function hasPoints(series: Series[]): boolean {
  return series.some(({ points }) => points.some(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)));
}

/**
 * A chart of one or more curves as SVG. Values that are not finite leave gaps; spikes far outside what is usual do not
 * stretch the axis: the curve leaves through its edge, with a small triangle where it does. One curve needs no legend.
 */
export function lineChart(series: Series[], options: LineChartOptions): string {
  const curves = series.map(({ points, ...rest }, index) => ({
    colour: PALETTE[index % PALETTE.length],
    ...rest,
    points: thin(points),
  }));
  const domain = axisRange(curves, options);
  const marks = curves.flatMap(({ points, colour, dashed }) => {
    const inside = points.map(({ x, y }) => ({ x, y: clamp(y, domain) }));
    const stroke = { x: "x", y: "y", stroke: colour, ...(dashed ? { strokeDasharray: "4 3" } : {}) };
    const outside = points.filter(({ y }) => Number.isFinite(y) && clamp(y, domain) !== y);
    return [
      ...(options.noisy
        ? [
            Plot.lineY(inside, { ...stroke, strokeOpacity: 0.28, strokeWidth: 1 }),
            Plot.lineY(smooth(inside), { ...stroke, strokeWidth: 1.75 }),
          ]
        : [Plot.lineY(inside, { ...stroke, strokeWidth: 1.75 })]),
      Plot.ruleX(
        points.filter(({ low, high }) => low !== undefined && high !== undefined),
        { x: "x", y1: "low", y2: "high", stroke: colour, strokeOpacity: 0.45, strokeWidth: 1.25 },
      ),
      ...(points.length <= DOTS_UP_TO ? [Plot.dot(inside, { x: "x", y: "y", fill: colour, r: 2.25 })] : []),
      Plot.dot(outside, { x: "x", y: ({ y }) => clamp(y, domain), symbol: "triangle", fill: colour, r: 3 }),
    ];
  });
  const legend: LegendEntry[] = curves.map(({ name, colour, dashed }) => ({
    name,
    colour,
    shape: dashed ? "dashes" : "line",
  }));
  const logarithmic = isLogarithmic(domain);
  return drawChart(
    {
      description: options.description,
      yLabel: options.yLabel,
      width: options.width,
      height: options.height ?? Math.round(Math.max(200, options.width * 0.5)),
      legend: curves.length > 1 ? legend : undefined,
    },
    {
      x: { domain: xRange(curves) },
      y: { domain, type: logarithmic ? "log" : "linear", nice: !logarithmic },
      marks: [
        Plot.gridY({ stroke: COLOURS.rule, strokeOpacity: 1, ticks: 5 }),
        Plot.axisX({
          label: `${options.xLabel} →`,
          labelArrow: "none",
          tickFormat: options.xFormat ?? "~s",
          ticks: options.xTicks ?? Math.floor(options.width / 80),
          tickSize: 0,
        }),
        Plot.axisY({ label: null, ticks: 5, tickSize: 0 }),
        ...marks,
      ],
    },
  );
}

/** What the y axis spans, so that every curve fits; a little room when all values are the same. */
function axisRange(curves: { points: Point[] }[], { fromZero }: LineChartOptions): [number, number] {
  const ranges = curves.flatMap(({ points }) => [
    ...(robustRange(points) ?? []),
    ...points.flatMap(({ low, high }) => [low ?? [], high ?? []].flat()),
  ]);
  const [low, high] = ranges.length > 0 ? [Math.min(...ranges), Math.max(...ranges)] : [0, 1];
  const bottom = fromZero ? Math.min(0, low) : low;
  if (high > bottom) return [bottom, high];
  const room = Math.abs(high) / 2 || 1;
  return [bottom - room, high + room];
}

/** From the first point to the last; a little room round a single one. */
function xRange(curves: { points: Point[] }[]): [number, number] {
  const values = curves.flatMap(({ points }) => points.map(({ x }) => x));
  const [low, high] = values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 1];
  return high > low ? [low, high] : [low - 1, high + 1];
}

function isLogarithmic([low, high]: [number, number]): boolean {
  return low > 0 && high / low > LOGARITHMIC_FROM;
}

function clamp(value: number, [low, high]: [number, number]): number {
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : Number.NaN;
}

export interface Point {
  x: number;
  y: number;
  /** Ends of an interval, drawn where both are there. */
  low?: number;
  high?: number;
}

/** More points than a chart has pixels only make the page heavier. */
const MOST_POINTS = 400;

/** At most 400 points, each the mean of its neighbours' finite values; NaN where there were none, so that the gap shows. */
export function thin(points: Point[]): Point[] {
  if (points.length <= MOST_POINTS) return points;
  return Array.from({ length: MOST_POINTS }, (_, bucket) => {
    const from = Math.floor((bucket * points.length) / MOST_POINTS);
    const to = Math.floor(((bucket + 1) * points.length) / MOST_POINTS);
    const part = points.slice(from, to);
    const values = part.map(({ y }) => y).filter(Number.isFinite);
    return { x: mean(part.map(({ x }) => x)), y: values.length > 0 ? mean(values) : Number.NaN };
  });
}

/** Running median over about a thirtieth of the curve: spikes leave no trace in it. NaN stays NaN. */
export function smooth(points: Point[]): Point[] {
  const reach = Math.max(1, Math.round(points.length / 60));
  return points.map(({ x, y }, index) => {
    if (!Number.isFinite(y)) return { x, y };
    const near = points.slice(Math.max(0, index - reach), index + reach + 1).map((point) => point.y);
    return { x, y: quantile(near.filter(Number.isFinite), 0.5) };
  });
}

/** Curves shorter than this have no spikes, only points. */
const SPIKY_FROM = 20;

/**
 * Smallest and largest value worth an axis. Of longer curves, values that lie more than half the height of the smoothed
 * curve above or below it are spikes and not counted. Undefined without finite values.
 */
export function robustRange(points: Point[]): [number, number] | undefined {
  const finite = points.filter(({ y }) => Number.isFinite(y));
  if (finite.length === 0) return undefined;
  if (finite.length < SPIKY_FROM) return extent(finite);
  const [low, high] = extent(smooth(finite));
  const reach = (high - low || Math.abs(high) || 1) / 2;
  return extent(finite.filter(({ y }) => y <= high + reach && y >= low - reach));
}

function extent(points: Point[]): [number, number] {
  const values = points.map(({ y }) => y);
  return [Math.min(...values), Math.max(...values)];
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Linear interpolation between order statistics. */
function quantile(values: number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = at * (sorted.length - 1);
  const below = sorted[Math.floor(position)];
  return below + (position % 1) * (sorted[Math.ceil(position)] - below);
}
