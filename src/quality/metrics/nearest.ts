/** @file Nearest vectors: of a set's own for each of its vectors, and of a reference for each query. */
import { type PairOptions, Pairs, type Prepared } from "./pairs.js";
import { countOf, expectAtLeast } from "./vectors.js";

/** For each query the nearest reference. */
export interface NearestNeighbours {
  /** `[queries]`: which reference, the first of several at the same distance. */
  index: Uint32Array;
  /** `[queries]`: Euclidean. */
  distance: Float64Array;
}

/** A limit that no pair is within: of a vector that needs no more of them. */
export const NONE = Number.NEGATIVE_INFINITY;

/**
 * The nearest of some references for each query, over all pairs: what a picture was copied from, if it was.
 *
 * @param queries - [M, width]
 * @param references - [N, width], at least one
 * @throws UserError where there are no references, or a vector is not finite
 */
export async function nearestNeighbours(
  queries: Float32Array,
  references: Float32Array,
  width: number,
  options: PairOptions = {},
): Promise<NearestNeighbours> {
  const counts = [countOf(queries, width), countOf(references, width)];
  expectAtLeast(1, counts[1], "Nearest neighbours among references");
  const index = new Uint32Array(counts[0]);
  const squared = new Float64Array(counts[0]).fill(Number.POSITIVE_INFINITY);
  if (counts[0] === 0) return { index, distance: squared };
  await using pairs = await Pairs.open(references, width, Math.max(...counts), options);
  const [x, y] = [pairs.prepare(queries), pairs.prepare(references)];
  pairs.expect(x, y);
  await pairs.between(x, y, {
    limit: (i) => (squared[i] === 0 ? NONE : squared[i]),
    visit: (i, j, distance) => {
      if (distance >= squared[i]) return;
      squared[i] = distance;
      index[i] = j;
    },
  });
  return { index, distance: squared.map(Math.sqrt) };
}

/**
 * Squared distance of each vector to the k-th nearest other one of its set.
 *
 * @returns [N]
 */
export async function squaredRadii(pairs: Pairs, set: Prepared, k: number): Promise<Float64Array> {
  const nearest = new Float64Array(set.count * k).fill(Number.POSITIVE_INFINITY); // k of each, falling
  const bound = new Float64Array(set.count).fill(Number.POSITIVE_INFINITY);
  const insert = (row: number, distance: number) => {
    const start = row * k;
    if (distance >= nearest[start]) return;
    let place = start; // the farthest falls out
    for (; place + 1 < start + k && nearest[place + 1] > distance; place++) nearest[place] = nearest[place + 1];
    nearest[place] = distance;
    bound[row] = nearest[start] === 0 ? NONE : nearest[start];
  };
  await pairs.within(set, {
    limit: (i, j) => Math.max(bound[i], bound[j]),
    visit: (i, j, distance) => {
      insert(i, distance);
      insert(j, distance);
    },
  });
  return Float64Array.from({ length: set.count }, (_, row) => nearest[row * k]);
}
