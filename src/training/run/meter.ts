/** @file Means over the steps since the last line of metrics. */
import { z } from "zod";
import type { StepReport } from "../trainer.js";

/** What a line of metrics says of the steps it stands for. */
export type Means = Omit<StepReport, "skipped" | "layers"> & { imagesPerSecond: number; dataWaitShare: number };

const NAMES = ["lossNats", "distortionNats", "klNats", "klWeightedNats", "spectral", "gradientNorm"] as const;

const partSchema = z.strictObject({
  steps: z.int().nonnegative(),
  /** Of the newest of these steps. */
  learningRate: z.number().nonnegative(),
  /** The figures of `NAMES`, then the KL of every group; JSON has null for NaN. */
  sums: z.array(
    z
      .number()
      .nullable()
      .transform((sum) => sum ?? Number.NaN),
  ),
});

/** What a meter has gathered, as a checkpoint keeps it: nothing that depends on time. */
export const meterSchema = z.strictObject({ updated: partSchema, skipped: partSchema });
export type Gathered = z.output<typeof meterSchema>;
type Part = z.output<typeof partSchema>;

/** What a meter starts with. */
export const NOTHING_GATHERED: Gathered = {
  updated: { steps: 0, learningRate: 0, sums: [] },
  skipped: { steps: 0, learningRate: 0, sums: [] },
};

/**
 * Gathers the reports of steps. Means are over the batches that led to an update, so that one gradient that is not finite
 * does not hide the others; over all of them when every one was skipped.
 */
export class Meter {
  #gathered: Gathered;
  #images = 0;
  #seconds = 0;
  #waitedSeconds = 0;

  /** @param gathered - what to resume from, in a resumed run */
  constructor(gathered = NOTHING_GATHERED) {
    this.#gathered = gathered;
  }

  add(report: StepReport, step: { images: number; seconds: number; waitedSeconds: number }): void {
    const part = report.skipped ? "skipped" : "updated";
    this.#gathered = { ...this.#gathered, [part]: plus(this.#gathered[part], report) };
    this.#images += step.images;
    this.#seconds += step.seconds;
    this.#waitedSeconds += step.waitedSeconds;
  }

  /** What has come since the last `reset`, in this process or one before. */
  get gathered(): Gathered {
    return this.#gathered;
  }

  /** Whether any step has come since the last `reset`. */
  get isEmpty(): boolean {
    return this.#gathered.updated.steps + this.#gathered.skipped.steps === 0;
  }

  means(): Means {
    const { updated, skipped } = this.#gathered;
    const { steps, learningRate, sums } = updated.steps > 0 ? updated : skipped;
    const [lossNats, distortionNats, klNats, klWeightedNats, spectral, gradientNorm, ...groupKlNats] = sums.map(
      (sum) => sum / steps,
    );
    const figures = { lossNats, distortionNats, klNats, klWeightedNats, spectral, groupKlNats, gradientNorm };
    const rates = {
      imagesPerSecond: this.#images / this.#seconds,
      dataWaitShare: this.#waitedSeconds / this.#seconds,
    };
    return { ...figures, learningRate, ...rates };
  }

  reset(): void {
    this.#gathered = NOTHING_GATHERED;
    this.#images = 0;
    this.#seconds = 0;
    this.#waitedSeconds = 0;
  }
}

function plus({ steps, sums }: Part, report: StepReport): Part {
  const values = [...NAMES.map((name) => report[name]), ...report.groupKlNats];
  return {
    steps: steps + 1,
    learningRate: report.learningRate,
    sums: values.map((value, i) => (steps === 0 ? value : sums[i] + value)),
  };
}
