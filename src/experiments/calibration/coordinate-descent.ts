/**
 * @file Coordinate descent with successive halving: the search for the point with the smallest value, where a value is
 * dear, and the surer the more samples it is measured with.
 */

/** One direction of the search. */
export interface Coordinate<Point> {
  name: string;
  /** The points that differ from `at` in this coordinate alone, at most `most` of them; none where it has no say there. */
  choices(at: Point): Point[];
  most: number;
}

/** How far a search is. */
interface SearchProgress {
  coordinate: string;
  /** Samples that were needed so far, and that will be at most. */
  done: number;
  total: number;
}

export interface SearchOptions<Point> {
  start: Point;
  coordinates: readonly Coordinate<Point>[];
  /** Samples that a point is measured with, ascending: few to discard, more to decide. */
  rungs: readonly number[];
  /** Times through all coordinates at most; it ends earlier when one of them changes nothing. */
  passes: number;
  /** Equal for points that are the same. */
  keyOf(point: Point): string;
  /** The value of a point; Infinity for one that is of no use. Called again for the same point and count. */
  measure(point: Point, count: number, onDrawn: (drawn: number) => void): Promise<number>;
  /** Whether a point is better than another by more than chance, with the samples of the last rung. */
  isSurelyBetter(point: Point, than: Point): Promise<boolean>;
  /** Asked before each measurement: whether to end with the best point so far. */
  isOver?: () => boolean;
  onProgress?: (progress: SearchProgress) => void;
}

/**
 * Goes through the coordinates one by one, each time to the best of its choices. Of these the worse half is discarded after
 * every rung (Jamieson and Talwalkar 2016), but never the point that the search has come from: only who is surely better than
 * that with the samples of the last rung takes its place, since of many equal points one always looks better.
 *
 * @returns the best point, and whether the search came to its end
 * @throws what `measure` throws
 */
export async function coordinateDescent<Point>(
  options: SearchOptions<Point>,
): Promise<{ point: Point; isComplete: boolean }> {
  const { start, coordinates, rungs, passes, keyOf, onProgress } = options;
  const perPass = sum(coordinates.map(({ most }) => samplesOf(most + 1, rungs)));
  let point = start;
  for (let pass = 0; pass < passes; pass++) {
    const before = point;
    let planned = pass * perPass;
    for (const coordinate of coordinates) {
      const base = planned;
      const report = (used: number) =>
        onProgress?.({ coordinate: coordinate.name, done: base + used, total: passes * perPass });
      report(0);
      const better = await bestOf(point, coordinate.choices(point), options, report);
      if (better === undefined) return { point, isComplete: false };
      point = better;
      planned += samplesOf(coordinate.most + 1, rungs);
    }
    if (keyOf(point) === keyOf(before)) break;
  }
  return { point, isComplete: true };
}

/** The best point by successive halving; undefined where the search is over before it is found. */
async function bestOf<Point>(
  at: Point,
  choices: readonly Point[],
  { rungs, measure, isSurelyBetter, isOver = () => false }: SearchOptions<Point>,
  report: (used: number) => void,
): Promise<Point | undefined> {
  if (choices.length === 0) return at;
  let left = [at, ...choices];
  let used = 0;
  for (const [rung, count] of rungs.entries()) {
    const fresh = count - (rungs[rung - 1] ?? 0);
    const values = new Map<Point, number>();
    for (const point of left) {
      if (isOver()) return undefined;
      values.set(point, await measure(point, count, (drawn) => report(used + Math.min(drawn, fresh))));
      used += fresh;
      report(used);
    }
    const ranked = left.toSorted((a, b) => compare(values.get(a)!, values.get(b)!)); // stable: at a tie `at` stays ahead
    if (rung === rungs.length - 1) return ranked[0] === at || (await isSurelyBetter(ranked[0], at)) ? ranked[0] : at;
    const kept = new Set([at, ...ranked.slice(0, survivors(left.length))]);
    left = left.filter((point) => kept.has(point));
  }
  return at;
}

/** How many of so many points go on to the next rung: half of them, and two at least, so that more samples decide. */
const survivors = (points: number): number => Math.max(2, Math.ceil(points / 2));

/** Samples that so many points take at most; the point that the search came from may stay as one more. */
function samplesOf(points: number, rungs: readonly number[]): number {
  let [left, samples] = [points, 0];
  for (const [rung, count] of rungs.entries()) {
    samples += left * (count - (rungs[rung - 1] ?? 0));
    left = Math.min(left, survivors(left) + 1);
  }
  return samples;
}

/** Infinities are equal. */
const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
