/** @file Curves made fit to draw: thinned to what a chart can show, smoothed, and with an axis that spikes cannot stretch. */

export interface Point {
  x: number;
  y: number;
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
