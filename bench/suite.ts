/** @file What a benchmark is: a section of the report with its columns, and cases that each make some of its lines. */

export interface BenchOptions {
  /** Threads of each competitor. */
  threads: number;
  /** Rounds of every case in place of its own number. */
  rounds?: number;
  /** Of cases that train: each is trained with every seed. */
  seeds: number[];
}

export interface Line {
  /** Of the columns after the first, which names the case. */
  cells: string[];
  /** What was measured, for the file that is kept. */
  data: unknown;
}

export interface Case {
  /** As in the command line: `train/cifar10-4`. */
  id: string;
  /** In words. */
  title: string;
  run(options: BenchOptions): Promise<Line[]>;
}

export interface Section {
  title: string;
  columns: string[];
  /** Left out unless it is asked for: it takes hours. */
  byName?: true;
  cases: Case[];
}

/** Three significant digits, and no exponent: 3440, 205, 8.42. */
export const digits = (value: number): string => (value >= 1000 ? value.toFixed(0) : value.toPrecision(3));
export const seconds = (ms: number): string => (ms / 1000).toFixed(1);
export const gigabytes = (bytes: number): string => (bytes / 2 ** 30).toFixed(2);
