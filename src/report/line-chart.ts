/** @file Curves over images seen, or over anything else that grows. */
import * as Plot from "@observablehq/plot";
import { type Point, robustRange, smooth, thin } from "./series.js";
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
  width: number;
  height?: number;
  /** The y axis begins at 0. */
  fromZero?: boolean;
  /** Values measured with noise: drawn faintly, their running median over them. */
  noisy?: boolean;
}

const PALETTE = [COLOURS.first, COLOURS.second, COLOURS.third, COLOURS.fourth];
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
          ticks: Math.floor(options.width / 80),
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
  const ranges = curves.flatMap(({ points }) => [robustRange(points) ?? []].flat());
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
