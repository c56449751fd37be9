/** @file The processes that share the work of one command, and what they say to each other. */

/**
 * Processes numbered from 0, each of which calls the same functions in the same order; a call returns when all have made it. The
 * first one alone writes, and shows progress.
 */
export interface Ranks {
  /** Number of this process, from 0. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  /** How many of them compute on the processors that this one may use, with this one. */
  readonly sharing: number;
  /** Names of the machines, by rank. */
  readonly hosts: readonly string[];
  /**
   * Sums over all ranks, element by element, by the fixed tree of `sumInTree`; the same bytes everywhere.
   *
   * @param arrays - equally long on every rank; handed over, and empty afterwards
   */
  sum(arrays: readonly Float32Array<ArrayBuffer>[]): Promise<Float32Array<ArrayBuffer>[]>;
  /** What every rank has given, by rank: plain data and typed arrays. */
  gather<T>(value: T): Promise<T[]>;
  /** What rank 0 has given. What others give is not looked at. */
  broadcast<T>(value: T | undefined): Promise<T>;
  /** Parts when all have called it. A process that ends without it takes the others down. */
  close(): Promise<void>;
}

/** One process that does everything. */
export const single: Ranks = {
  rank: 0,
  size: 1,
  sharing: 1,
  hosts: [],
  sum: async (arrays) => [...arrays],
  gather: async (value) => [value],
  broadcast: async (value) => value!,
  close: async () => {},
};

/** How messages name a rank: "rank 1 (node7)". */
export const nameOfRank = ({ hosts }: Pick<Ranks, "hosts">, rank: number): string =>
  hosts[rank] === undefined ? `rank ${rank}` : `rank ${rank} (${hosts[rank]})`;
