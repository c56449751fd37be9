/** @file How well the nearest known vectors tell the class of others. */
import type { Kernel } from "./kernel.js";
import { type ProbeData, type ProbeResult, rightAnswers } from "./probe.js";

/** How many neighbours may vote; the number is chosen. */
const NEIGHBOURS = [1, 3, 5, 10, 20];

/** What a nearest-neighbour probe found. */
export interface NearestProbe extends ProbeResult {
  neighbours: number;
}

/**
 * The class that most of the k nearest known vectors are of (Fix and Hodges 1951), by Euclidean distance, the nearer ones of as
 * many first. k is that with the most right answers among the vectors to choose by, the smallest of several.
 *
 * @param kernel - it begins with the vectors of `data` in its order: known, to choose by, to test by
 */
export function nearestProbe(kernel: Kernel, { labels, classes, chosen }: ProbeData): NearestProbe {
  const { known } = kernel;
  const most = Math.min(known, NEIGHBOURS[NEIGHBOURS.length - 1]);
  const votes = Array.from({ length: labels.length - known }, (_, row) => [...nearestKnown(kernel, known + row, most)]);
  const answers = (from: number, to: number, k: number) => {
    const told = votes.slice(from, to).map((nearest) => elected(nearest.slice(0, k), labels, classes));
    return rightAnswers(Int32Array.from(told), labels.subarray(known + from, known + to));
  };
  let [neighbours, best] = [0, -1];
  for (const k of NEIGHBOURS.filter((k) => k <= most)) {
    const { accuracy } = answers(0, chosen, k);
    if (accuracy > best) [neighbours, best] = [k, accuracy];
  }
  return { ...answers(chosen, votes.length, neighbours), neighbours };
}

/**
 * The nearest known vectors of one, the nearest first: |x − y|² = |x|² + |y|² − 2 x·y.
 *
 * @param row - of the kernel
 */
export function nearestKnown({ known, products, squares }: Kernel, row: number, k: number): Uint32Array {
  const nearest = new Uint32Array(k);
  const distances = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
  for (let other = 0; other < known; other++) {
    if (other === row) continue;
    const distance = squares[row] + squares[other] - 2 * products[row * known + other];
    if (distance >= distances[k - 1]) continue;
    let place = k - 1;
    for (; place > 0 && distances[place - 1] > distance; place--) {
      distances[place] = distances[place - 1];
      nearest[place] = nearest[place - 1];
    }
    distances[place] = distance;
    nearest[place] = other;
  }
  return nearest;
}

/** The most frequent class; of several the one that comes to its votes first. */
function elected(nearest: readonly number[], labels: Int32Array, classes: number): number {
  const votes = new Int32Array(classes);
  let [winner, most] = [labels[nearest[0]], 0];
  for (const neighbour of nearest) {
    const label = labels[neighbour];
    if (++votes[label] > most) [winner, most] = [label, votes[label]];
  }
  return winner;
}
