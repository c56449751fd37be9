/** @file Timing: competitors take turns, so that what disturbs the machine disturbs all of them; medians count. */

/** Something to time, after a first call that does not count. */
export type Competitor = () => Promise<unknown>;

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/** Median milliseconds of each competitor over `rounds` rounds. */
export async function interleave(competitors: readonly Competitor[], rounds: number): Promise<number[]> {
  for (const competitor of competitors) await competitor();
  const times = competitors.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, competitor] of competitors.entries()) {
      const start = performance.now();
      await competitor();
      times[index].push(performance.now() - start);
    }
  }
  return times.map(median);
}

/** Deterministic values in [-1, 1]. */
export const wave = (length: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length }, (_, i) => Math.sin(1 + 0.61 * i));

/** One line of the table. */
export interface Row {
  name: string;
  /** Median milliseconds. */
  ms: number;
  /** Images that this makes or learns from. */
  images?: number;
  /** Milliseconds of tracing, lowering, session creation and copying weights. */
  startMs?: number;
  peer?: string;
  peerMs?: number;
  /** Most memory the case's process held, in bytes. */
  peakBytes?: number;
}
