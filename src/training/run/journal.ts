/** @file What a run reports while it trains: lines of its log, and the same as events. */
import type { Config } from "../../config/index.js";
import type { HeldOutBound } from "../../inference/measures/held-out-bound.js";
import type { TrainingEventListener } from "../events.js";
import type { StepReport } from "../trainer.js";
import { listCheckpoints } from "./checkpoint.js";
import { changeOf } from "./computed-on.js";
import type { Counters } from "./counters.js";
import { type BestStep, bestOf, plateauNotice, plateauOf } from "./held-out.js";
import { type Gathered, Meter } from "./meter.js";
import {
  appendMetrics,
  beginLog,
  type MetricsLine,
  type RunLine,
  readMetrics,
  type SkipLine,
  syncMetrics,
} from "./metrics-log.js";
import { runPaths } from "./run-folder.js";

interface Settings {
  config: Config;
  /** The run folder. */
  out: string;
  /** How far the run has come; changes as it trains. */
  counters: Counters;
  /** `false` where the images cannot be mirrored. */
  mirrorable?: false;
  emit: TrainingEventListener;
}

const isMeasurement = ({ type }: MetricsLine): boolean => type === "validation" || type === "plateau";

export class Journal {
  /** Means since the line of metrics before. */
  readonly meter: Meter;
  readonly #began = performance.now();
  /** Measurements so far, which tell the best of them and whether they still become better. */
  readonly #history: MetricsLine[];

  private constructor(
    private readonly settings: Settings,
    /** What was said at the beginning. */
    readonly run: RunLine,
    gathered: Gathered,
  ) {
    this.meter = new Meter(gathered);
    this.#history = readMetrics(runPaths(settings.out).metrics).filter(isMeasurement);
  }

  /**
   * Begins the log, or resumes it from where the counters are.
   *
   * @param gathered - what the meter has seen since its last line
   */
  static async open(settings: Settings, start: Omit<RunLine, "seconds">, gathered: Gathered): Promise<Journal> {
    const { metrics } = runPaths(settings.out);
    const goesOn = !new Meter(gathered).isEmpty;
    const { line, before, broken } = await beginLog(metrics, start, goesOn);
    const change = before && changeOf(before, start);
    if (change) await settings.emit({ type: "notice", message: change });
    if (broken > 0) {
      await settings.emit({ type: "notice", message: `Broken lines of ${metrics} were left out: ${broken}.` });
    }
    return new Journal(settings, line, gathered);
  }

  /** Training time of the whole run. */
  get seconds(): number {
    return this.run.seconds! + (performance.now() - this.#began) / 1000;
  }

  /** Where the run is. */
  get position() {
    const { step, images } = this.settings.counters;
    return { step, images, seconds: this.seconds };
  }

  /** Step of the last measurement on held-out or training images; 0 before the first. */
  get measuredStep(): number {
    return Math.max(0, ...this.#history.map((line) => (line.type === "validation" ? line.step : 0)));
  }

  /** The evaluation with the smallest bound on held-out images whose checkpoint is kept. */
  async best(): Promise<BestStep | undefined> {
    return bestOf(this.#history, await listCheckpoints(runPaths(this.settings.out).checkpoints));
  }

  /** Means since the line before; the meter keeps counting. */
  async means(): Promise<void> {
    if (this.meter.isEmpty) return;
    const { counters, emit } = this.settings;
    const line = { type: "train", ...this.position, ...this.meter.means(), skips: counters.skips } as const;
    this.#append(line);
    await emit({ type: "metrics", line });
  }

  async skip({ skipped, lossNats, distortionNats, klNats, gradientNorm, groupKlNats }: StepReport): Promise<void> {
    const { counters, emit } = this.settings;
    const seen = { lossNats, distortionNats, klNats, gradientNorm, groupKlNats };
    const consecutive = counters.consecutiveSkips;
    const line: SkipLine = { type: "skip", ...this.position, reason: skipped!, consecutive, ...seen };
    this.#append(line);
    await emit({ type: "skip", line });
  }

  /**
   * Bounds that were measured, and a warning when they have not become better for long: all of it in one write, so that no
   * crash leaves an evaluation that has a part only and is not made up for.
   *
   * @returns whether the one on held-out images is the smallest so far
   */
  async bounds(measured: readonly { split: "validation" | "train"; bound: HeldOutBound }[]): Promise<boolean> {
    const { config, mirrorable, emit } = this.settings;
    const { position } = this;
    const smallest = (await this.best())?.bitsPerDim ?? Number.POSITIVE_INFINITY;
    const lines = measured.map(({ split, bound }) => ({ type: "validation", split, ...position, ...bound }) as const);
    const found = plateauOf([...this.#history, ...lines], config.training.steps);
    const plateau = found && ({ type: "plateau", ...position, ...found } as const);
    this.#append(...lines, ...(plateau ? [plateau] : []));
    for (const line of lines) await emit({ type: "validation", line });
    if (plateau) {
      const flips = config.training.flips || mirrorable === false;
      await emit({ type: "notice", message: plateauNotice(plateau, this.#history, flips) });
    }
    return lines.some(({ split, bitsPerDim }) => split === "validation" && bitsPerDim < smallest);
  }

  /** Waits until everything said is on disk. */
  sync(): void {
    syncMetrics(runPaths(this.settings.out).metrics);
  }

  #append(...lines: MetricsLine[]): void {
    appendMetrics(runPaths(this.settings.out).metrics, ...lines);
    this.#history.push(...lines.filter(isMeasurement));
  }
}
