/** @file Means over the steps since the last line of metrics. */
import type { StepReport } from "./trainer.js";

/** What a line of metrics says of the steps it stands for. */
export type Means = Omit<StepReport, "skipped"> & { imagesPerSecond: number; dataWaitShare: number };

/**
 * Gathers the reports of steps. Means are over the batches that led to an update, so that one gradient that is not finite
 * does not hide the others; over all of them when every one was skipped.
 */
export class Meter {
  #kept: StepReport[] = [];
  #skipped: StepReport[] = [];
  #images = 0;
  #seconds = 0;
  #waitedSeconds = 0;

  add(report: StepReport, step: { images: number; seconds: number; waitedSeconds: number }): void {
    (report.skipped ? this.#skipped : this.#kept).push(report);
    this.#images += step.images;
    this.#seconds += step.seconds;
    this.#waitedSeconds += step.waitedSeconds;
  }

  /** Whether any step has come since the last `reset`. */
  get isEmpty(): boolean {
    return this.#images === 0;
  }

  means(): Means {
    const reports = this.#kept.length > 0 ? this.#kept : this.#skipped;
    const mean = (of: (report: StepReport) => number) =>
      reports.reduce((sum, report) => sum + of(report), 0) / reports.length;
    return {
      lossNats: mean(({ lossNats }) => lossNats),
      distortionNats: mean(({ distortionNats }) => distortionNats),
      klNats: mean(({ klNats }) => klNats),
      klWeightedNats: mean(({ klWeightedNats }) => klWeightedNats),
      spectral: mean(({ spectral }) => spectral),
      groupKlNats: reports[0].groupKlNats.map((_, group) => mean(({ groupKlNats }) => groupKlNats[group])),
      gradientNorm: mean(({ gradientNorm }) => gradientNorm),
      learningRate: reports[reports.length - 1].learningRate,
      imagesPerSecond: this.#images / this.#seconds,
      dataWaitShare: this.#waitedSeconds / this.#seconds,
    };
  }

  reset(): void {
    this.#kept = [];
    this.#skipped = [];
    this.#images = 0;
    this.#seconds = 0;
    this.#waitedSeconds = 0;
  }
}
