/** @file The training loop: a step, and after it whatever is due (paper App. B). */
import { existsSync } from "node:fs";
import type { Config } from "../config/index.js";
import { NonFiniteOutputError } from "../inference/pictures.js";
import { diagnose, stopTraining } from "./divergence.js";
import type { TrainingEventListener } from "./events.js";
import type { InputThread } from "./inputs/input-thread.js";
import { type Limits, lastStep, showsPictures, workLeft } from "./limits.js";
import { lastGood, retainCheckpoints } from "./run/checkpoint.js";
import type { BestStep } from "./run/held-out.js";
import type { Journal } from "./run/journal.js";
import type { DataIdentity } from "./run/manifest.js";
import type { Observer } from "./run/observer.js";
import { picturePaths, runPaths } from "./run/run-folder.js";
import { saveState } from "./run/starting-point.js";
import { unlessAborted } from "./stopping.js";
import type { BegunStep, StepReport, Trainer } from "./trainer.js";

/** Half an hour is the most that a killed run loses, however seldom its configuration has it saved. */
const LONGEST_UNSAVED_SECONDS = 1800;

/** How a training run ended. */
export interface TrainResult {
  /** Batches seen. */
  step: number;
  images: number;
  updates: number;
  skips: number;
  /** Training time of the whole run. */
  seconds: number;
  /** Share of the steps' time since the call in which the engine had no images to work on, in [0, 1]. */
  dataWaitShare: number;
  interrupted: boolean;
  /** Folder of the last checkpoint. */
  checkpoint: string;
  /** The evaluation with the smallest bound on held-out images whose checkpoint is kept; null without evaluations. */
  best: BestStep | null;
}

/** What the loop works with. */
export interface Parts {
  config: Config;
  /** The run folder. */
  out: string;
  trainer: Trainer;
  observer: Observer;
  inputs: InputThread;
  journal: Journal;
  identity: DataIdentity;
  status: CheckpointStatus;
  emit: TrainingEventListener;
}

/** What is safe on disk, and whether more is being written. */
export interface CheckpointStatus {
  /** The newest checkpoint. */
  saved?: { step: number; folder: string };
  saving: boolean;
}

interface Bounds {
  limit: Limits;
  /** When aborted, the micro-batch under way is finished and a checkpoint saved. */
  signal?: AbortSignal;
  /** When aborted, the run folder is another's: nothing may be written. */
  lost: AbortSignal;
  /** When minutes count from, milliseconds. */
  called: number;
}

export class TrainingLoop {
  readonly #startStep: number;
  readonly #lastStep: number;
  readonly #secondsLimit: number;
  #savedSeconds: number;
  /** Steps that have begun, with when, milliseconds. */
  readonly #reportsDue: (BegunStep & { asked: number; waitedSeconds: number })[] = [];
  /** When the last report came, milliseconds. */
  #settled = 0;
  /** Seconds of the steps so far, and of waiting for their inputs. */
  readonly #spent = { steps: 0, waiting: 0 };

  constructor(
    private readonly parts: Parts,
    private readonly bounds: Bounds,
  ) {
    this.#startStep = parts.trainer.counters.step;
    this.#lastStep = lastStep(bounds.limit, parts.config.training);
    this.#secondsLimit = 60 * (bounds.limit.minutes ?? Number.POSITIVE_INFINITY);
    this.#savedSeconds = this.#elapsed;
  }

  /**
   * Trains until a limit is reached or the signal aborts, and saves.
   *
   * @throws TrainingStopped after `training.maxConsecutiveSkips` skipped updates; the reason of `lost`, without saving
   */
  async run(): Promise<TrainResult> {
    const { config, trainer, journal, status, emit } = this.parts;
    await emit({ type: "start", config, run: journal.run, step: this.#startStep, totalSteps: this.#lastStep });
    await this.#loop();
    const { step, images, updates, skips } = trainer.counters;
    return {
      ...{ step, images, updates, skips, seconds: journal.seconds },
      dataWaitShare: this.#spent.steps > 0 ? this.#spent.waiting / this.#spent.steps : 0,
      interrupted: this.#interrupted,
      checkpoint: status.saved!.folder,
      best: (await journal.best()) ?? null,
    };
  }

  async #loop(): Promise<void> {
    const { config, out, trainer, journal, status } = this.parts;
    const { training } = config;
    const { counters } = trainer;
    let measured = journal.measuredStep;
    let shown = existsSync(picturePaths(out, counters.step).reconstructions) ? counters.step : 0; // written last
    // Aborted, by a signal, before the checkpoint that the run resumes from.
    if (this.#goesOn && measured < counters.step && counters.step % training.evaluateEvery === 0) {
      measured = counters.step;
      await this.#measure();
    }
    if (this.#goesOn && shown < counters.step && showsPictures(counters.step, training.sampleEvery)) {
      shown = counters.step;
      await this.#show();
    }
    let updates = counters.updates;
    while (this.#goesOn) {
      const stopped = !(await this.#begin());
      const settles = stopped || !this.#goesOn || this.#isDue(trainer.begun);
      while (this.#reportsDue.length > (settles ? 0 : trainer.ahead)) {
        updates = counters.updates;
        await this.#settle();
      }
      if (stopped) break;
      if (!settles) continue;
      let improved = false;
      if (counters.step % training.evaluateEvery === 0) {
        measured = counters.step;
        improved = await this.#measure();
      }
      if (showsPictures(counters.step, training.sampleEvery)) {
        shown = counters.step;
        await this.#show();
      }
      // Last, so that a run that resumes from here lacks nothing of this step.
      const due = counters.updates > updates && counters.updates % training.checkpointEvery === 0;
      if (due || improved || this.#elapsed - this.#savedSeconds > LONGEST_UNSAVED_SECONDS) await this.#save();
    }
    while (this.#reportsDue.length > 0) await this.#settle(); // time may have run out, or the signal come, since the last one
    await journal.means();
    if (!this.#interrupted && measured < counters.step) await this.#measure();
    if (status.saved?.step !== counters.step) await this.#save();
    if (!this.#interrupted && shown < counters.step) await this.#show();
  }

  /** Whether after this step something may have to be done with the state, which must not be ahead of it then. */
  #isDue(step: number): boolean {
    const { training } = this.parts.config;
    const { updates } = this.parts.trainer.counters;
    const checkpoints = (made: number) => Math.floor(made / training.checkpointEvery);
    return (
      step % training.evaluateEvery === 0 ||
      showsPictures(step, training.sampleEvery) ||
      checkpoints(updates + this.#reportsDue.length) > checkpoints(updates) ||
      this.#elapsed - this.#savedSeconds > LONGEST_UNSAVED_SECONDS
    );
  }

  get #elapsed(): number {
    return (performance.now() - this.bounds.called) / 1000;
  }

  get #goesOn(): boolean {
    const { signal } = this.bounds;
    return this.parts.trainer.begun < this.#lastStep && !signal?.aborted && this.#elapsed < this.#secondsLimit;
  }

  get #interrupted(): boolean {
    return (this.bounds.signal?.aborted ?? false) && this.parts.trainer.counters.step < this.#lastStep;
  }

  /** Begins with one batch; false when the signal aborted it. */
  async #begin(): Promise<boolean> {
    const { trainer, inputs } = this.parts;
    const { signal } = this.bounds;
    const asked = performance.now();
    const microBatches = await inputs.take(trainer.begun);
    const waitedSeconds = (performance.now() - asked) / 1000;
    const begun = await unlessAborted(trainer.begin(microBatches, signal), signal);
    this.bounds.lost.throwIfAborted();
    if (begun) this.#reportsDue.push({ ...begun, asked, waitedSeconds });
    return begun !== undefined;
  }

  /** Waits for the report of the earliest step that has begun, and logs it. */
  async #settle(): Promise<void> {
    const { config, trainer, journal, emit } = this.parts;
    const { counters } = trainer;
    const { report: ask, asked, waitedSeconds } = this.#reportsDue.shift()!;
    const report = await ask();
    this.bounds.lost.throwIfAborted();
    const now = performance.now();
    const seconds = (now - Math.max(asked, this.#settled)) / 1000;
    this.#settled = now;
    this.#spent.steps += seconds;
    this.#spent.waiting += waitedSeconds;
    journal.meter.add(report, { images: config.training.batchSize, seconds, waitedSeconds });
    const left = workLeft({
      ...{ step: counters.step, startStep: this.#startStep, lastStep: this.#lastStep },
      ...{ elapsed: this.#elapsed, secondsLimit: this.#secondsLimit },
    });
    const means = journal.meter.means();
    await emit({ type: "progress", ...journal.position, ...means, skips: counters.skips, ...left });
    if (report.skipped) await this.#skip(report);
    if (counters.step % config.training.logEvery === 0) {
      await journal.means();
      journal.meter.reset();
    }
  }

  /** Notes a skipped update; too many in a row end the run. */
  async #skip(report: StepReport): Promise<void> {
    const { config, out, trainer, journal } = this.parts;
    const { counters } = trainer;
    await journal.skip(report);
    if (counters.consecutiveSkips < config.training.maxConsecutiveSkips) return;
    await journal.means();
    journal.sync();
    const { checkpoints } = runPaths(out);
    throw await stopTraining(out, diagnose(config, counters, report, await lastGood(checkpoints)), config);
  }

  /** @returns whether the bound on held-out images is the smallest so far */
  async #measure(): Promise<boolean> {
    const { signal } = this.bounds;
    const measured = await unlessAborted(this.parts.observer.measure(signal), signal);
    this.bounds.lost.throwIfAborted();
    return measured !== undefined && (await this.parts.journal.bounds(measured));
  }

  async #show(): Promise<void> {
    const { trainer, observer, emit } = this.parts;
    const { signal } = this.bounds;
    const { step } = trainer.counters;
    try {
      const pictures = await unlessAborted(observer.pictures(signal), signal);
      this.bounds.lost.throwIfAborted();
      if (pictures) await emit({ type: "pictures", step, ...pictures });
    } catch (error) {
      if (!(error instanceof NonFiniteOutputError)) throw error; // the weights may still recover
      await emit({ type: "notice", message: `No pictures at step ${step}: ${error.message}` });
    }
  }

  async #save(): Promise<void> {
    const { config, out, trainer, journal, identity, status, emit } = this.parts;
    const { step, consecutiveSkips } = trainer.counters;
    const { keepCheckpoints: recent, keepEvery: every } = config.training;
    this.bounds.lost.throwIfAborted();
    status.saving = true;
    journal.sync(); // no checkpoint knows of steps that the log could lose
    status.saved = { step, folder: await saveState(out, identity, trainer, journal.meter.gathered) };
    // Amid skipped updates nothing is deleted: what is older may be what the run has to go back to.
    if (consecutiveSkips === 0) {
      const best = (await journal.best())?.step;
      await retainCheckpoints(runPaths(out).checkpoints, { current: step, recent, every, best });
    }
    this.#savedSeconds = this.#elapsed;
    status.saving = false;
    await emit({ type: "checkpoint", ...status.saved });
  }
}
