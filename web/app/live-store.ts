/** @file What is known of runs that are watched, put together from the news of them. */
import { signal } from "@preact/signals";
import type { MetricsLine, RunLine, TrainLine, ValidationLine } from "../../src/training/run/metrics-log.js";
import type { LiveBackend, LiveEvent, RunSummary } from "./backend.js";

/** The log of one run, sorted by what its lines say. */
export interface RunLog {
  /** How its newest part began: groups and their targets, images, device. */
  run?: RunLine;
  train: TrainLine[];
  heldOut: ValidationLine[];
  onTraining: ValidationLine[];
  skips: number;
  /** Lines that could not be read. */
  broken: number;
  /** Steps with grids of pictures. */
  steps: number[];
}

export const EMPTY_LOG: RunLog = { train: [], heldOut: [], onTraining: [], skips: 0, broken: 0, steps: [] };

/**
 * A log with more lines. A run that was resumed begins again at the step that it resumed from: what came after is forgotten.
 *
 * @param log - is not changed
 */
export function extended(log: RunLog, lines: readonly MetricsLine[]): RunLog {
  let { run, skips } = log;
  let [train, heldOut, onTraining] = [[...log.train], [...log.heldOut], [...log.onTraining]];
  for (const line of lines) {
    if (line.type === "run") {
      run = line;
      const { resumedFrom } = line;
      const until = <Line extends { step: number }>(all: Line[]) =>
        resumedFrom === null ? [] : all.filter(({ step }) => step <= resumedFrom);
      [train, heldOut, onTraining] = [until(train), until(heldOut), until(onTraining)];
    } else if (line.type === "train") train.push(line);
    else if (line.type === "validation") (line.split === "validation" ? heldOut : onTraining).push(line);
    else if (line.type === "skip") skips++;
  }
  return { ...log, run, train, heldOut, onTraining, skips };
}

/** What becomes of a log by an event of its run. */
export function afterEvent(log: RunLog, event: LiveEvent): RunLog {
  if (event.type === "restart") return { ...EMPTY_LOG, steps: log.steps };
  if (event.type === "lines") return extended(log, event.lines);
  if (event.type === "broken") return { ...log, broken: event.count };
  if (event.type === "pictures") return { ...log, steps: event.steps };
  return log;
}

/** Watches runs, and remembers. */
export class LiveStore {
  /** All runs; undefined before the first news. */
  readonly runs = signal<RunSummary[] | undefined>(undefined);
  readonly logs = signal<Readonly<Record<string, RunLog>>>({});
  readonly connected = signal(true);
  /** The step that the slider shows; null follows the newest. */
  readonly step = signal<number | null>(null);
  #stop: (() => void) | undefined;
  #watched = "";

  constructor(readonly backend: LiveBackend) {}

  /** Watches these runs instead of those before. */
  watch(runs: readonly string[]): void {
    const wanted = runs.join();
    if (this.#stop && wanted === this.#watched) return;
    this.stop();
    this.#watched = wanted;
    this.logs.value = {};
    this.#stop = this.backend.watch(runs, (event) => this.#hear(event));
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #hear(event: LiveEvent): void {
    if (event.type === "connection") this.connected.value = event.connected;
    else if (event.type === "runs") this.runs.value = event.runs;
    else {
      const log = this.logs.value[event.run] ?? EMPTY_LOG;
      this.logs.value = { ...this.logs.value, [event.run]: afterEvent(log, event) };
    }
  }
}
