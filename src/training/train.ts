/** @file `train`: the loop from images to a run folder (METHOD §3). */
import type { Config } from "../config/index.js";
import { digestOfSet, type ImageSet } from "../data/index.js";
import { defaultRuntime, type Runtime } from "../engine/index.js";
import { UserError } from "../errors.js";
import { checkShapes } from "../generation/encoder-inputs.js";
import { NotAPicture } from "../generation/pictures.js";
import { type ParameterTree, parameterSpecs } from "../generation/trained-model.js";
import { countParameters, groups } from "../model/index.js";
import { informationShares } from "../objective/loss.js";
import { version } from "../version.js";
import { lastGood, listCheckpoints, retainCheckpoints } from "./checkpoint.js";
import type { TrainingEvent } from "./events.js";
import { diagnose, stopTraining } from "./health.js";
import { type Best, bestOf, plateauNotice, plateauOf } from "./held-out.js";
import { InputThread } from "./input-thread.js";
import { lastStep, showsPictures, workLeft } from "./limits.js";
import type { DataIdentity } from "./manifest.js";
import { fitToMemory } from "./memory.js";
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
import { Observer } from "./observer.js";
import { roomNotice } from "./room.js";
import { clearLeftovers, describeRun, runPaths, summarise, withSettingsOfRun } from "./run-folder.js";
import { lockRun } from "./run-lock.js";
import { saveState, startingPoint } from "./starting-point.js";
import { afterPatience, pause, unlessAborted } from "./stopping.js";
import { type StepReport, Trainer } from "./trainer.js";

/** Half an hour is the most that a killed run loses, however seldom its configuration has it saved. */
const LONGEST_UNSAVED_SECONDS = 1800;

export interface TrainOptions {
  config: Config;
  data: { train: ImageSet; validation: ImageSet };
  /** The run folder. */
  out: string;
  /** Go on from the newest undamaged checkpoint in `out`; with none there, start. */
  resume?: boolean;
  /** Weights to start a new run from instead of random ones (fine-tuning). */
  initial?: ParameterTree;
  /** Where to stop; steps and images are totals of the run, minutes count from the call. Default: `config.training.steps`. */
  limit?: { steps?: number; images?: number; minutes?: number };
  runtime?: Runtime;
  /** When aborted, the step under way is given up after its present micro-batch, and a checkpoint of the last one is saved. */
  signal?: AbortSignal;
  /** Awaited: training goes on when it returns. */
  onEvent?: (event: TrainingEvent) => void | Promise<void>;
}

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
  best: Best | null;
}

/**
 * Trains a model and leaves a run folder. Equal configurations, images, versions and thread counts leave equal checkpoints,
 * byte for byte, however often a run was interrupted and resumed. What the configuration leaves to the program ("auto") is
 * decided when a run starts, by the memory there is then, and stands in its `config.json`: give that to repeat the run.
 *
 * @throws UserError when `out` holds a run and `resume` is not set, when another process trains into it, when it cannot be
 *   written (what is there stays as it is), when its checkpoint belongs to another configuration, or when the images do not fit
 *   the model; the signal's reason when it is aborted before the first step; TrainingStopped, which is one, after `training.maxConsecutiveSkips` skipped updates
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const called = performance.now();
  const { data, out, onEvent = () => {}, signal } = options;
  checkImages(options.config, data);
  const lock = await lockRun(out);
  const ended = new AbortController();
  const held: Held = { saving: false };
  afterPatience(signal, ended.signal, () => {
    if (!held.saving) void onEvent({ type: "waiting", saved: held.saved });
  });
  try {
    await clearLeftovers(out);
    return await trainAlone({ ...options, onEvent }, held, called);
  } finally {
    ended.abort();
    await lock.release();
  }
}

type Options = TrainOptions & { onEvent: NonNullable<TrainOptions["onEvent"]> };

/** What is safe on disk, and whether more is being written. */
interface Held {
  saved?: { step: number; folder: string };
  saving: boolean;
}

/** Trains as the only trainer of the folder. */
async function trainAlone(options: Options, held: Held, called: number): Promise<TrainResult> {
  const { data, out, resume = false, initial, runtime = defaultRuntime(), onEvent, signal } = options;
  const config = fitToMemory(resume ? await withSettingsOfRun(options.config, out) : options.config);
  await pause(signal);
  const notices: string[] = [];
  const onNotice = (message: string) => notices.push(message);
  const identity = { count: data.train.count, digest: digestOfSet(data.train) };
  const inputs = new InputThread({ config, images: data.train });
  const prepare = async () => {
    const { state, ...start } = await startingPoint(config, identity, { out, resume, initial, onNotice });
    held.saved = start.resumed;
    await describeRun(out, config, summarise(data.train));
    const full = roomNotice(config, out, (await listCheckpoints(runPaths(out).checkpoints)).length);
    if (full) onNotice(full);
    await pause(signal);
    inputs.begin(start.counters.step);
    return { trainer: await Trainer.create(config, runtime, start.counters, state), start }; // and lets the state go
  };
  try {
    const { trainer, start } = await prepare();
    const observer = new Observer(trainer, data);
    try {
      await pause(signal);
      for (const message of notices) await onEvent({ type: "notice", message });
      return await run({ ...options, config }, { trainer, observer, inputs, identity, held }, { ...start, called });
    } finally {
      await observer.dispose();
      await trainer.dispose();
    }
  } finally {
    await inputs.dispose();
  }
}

/** What the loop works with. */
interface Parts {
  trainer: Trainer;
  observer: Observer;
  inputs: InputThread;
  identity: DataIdentity;
  held: Held;
}

/** The loop. `start.called` is the time that minutes count from, in milliseconds. */
async function run(
  options: Options,
  { trainer, observer, inputs, identity, held }: Parts,
  start: { gathered: Gathered; called: number; resumed?: { step: number; folder: string } },
): Promise<TrainResult> {
  const { config, data, out, limit = {}, signal, onEvent } = options;
  const { training } = config;
  const { counters } = trainer;
  const { metrics, checkpoints } = runPaths(out);
  const startStep = counters.step;
  const last = lastStep(limit, training);
  const secondsLimit = limit.minutes === undefined ? undefined : limit.minutes * 60;

  const meter = new Meter(start.gathered);
  const part = runLine(config, data, trainer.runtime, start.resumed?.step ?? null);
  const { line: run, broken } = await beginLog(metrics, part, !meter.isEmpty);
  if (broken > 0) await onEvent({ type: "notice", message: `Broken lines of ${metrics} were left out: ${broken}.` });
  const history = readMetrics(metrics).filter(({ type }) => type === "validation" || type === "plateau");

  const began = performance.now();
  const seconds = () => run.seconds! + (performance.now() - began) / 1000;
  const elapsed = () => (performance.now() - start.called) / 1000;
  const position = () => ({ step: counters.step, images: counters.images, seconds: seconds() });
  const append = (line: MetricsLine) => {
    appendMetrics(metrics, line);
    if (line.type === "validation" || line.type === "plateau") history.push(line);
  };
  const bestKept = async () => bestOf(history, await listCheckpoints(checkpoints));

  /** Means since the line before; the meter goes on. */
  const log = async () => {
    if (meter.isEmpty) return;
    const line = { type: "train", ...position(), ...meter.means(), skips: counters.skips } as const;
    append(line);
    await onEvent({ type: "metrics", line });
  };
  const skip = async (report: StepReport) => {
    const { skipped, lossNats, distortionNats, klNats, gradientNorm, groupKlNats } = report;
    const seen = { lossNats, distortionNats, klNats, gradientNorm, groupKlNats };
    const consecutive = counters.consecutiveSkips;
    const line: SkipLine = { type: "skip", ...position(), reason: skipped!, consecutive, ...seen };
    append(line);
    await onEvent({ type: "skip", line });
    if (consecutive < training.maxConsecutiveSkips) return;
    await log();
    syncMetrics(metrics);
    throw await stopTraining(out, diagnose(config, counters, report, await lastGood(checkpoints)), config);
  };
  /** Whether the bound on held-out images is the smallest so far. */
  const measure = async (): Promise<boolean> => {
    const smallest = (await bestKept())?.bitsPerDim ?? Number.POSITIVE_INFINITY;
    let improved = false;
    const bounds = await unlessAborted(observer.measure(signal), signal);
    for (const { split, bound } of bounds ?? []) {
      const line = { type: "validation", split, ...position(), ...bound } as const;
      append(line);
      await onEvent({ type: "validation", line });
      improved ||= split === "validation" && bound.bitsPerDim < smallest;
    }
    const plateau = bounds && plateauOf(history, training.steps);
    if (plateau) {
      const line = { type: "plateau", ...position(), ...plateau } as const;
      append(line);
      await onEvent({ type: "notice", message: plateauNotice(line, history, training.flips) });
    }
    return improved;
  };
  const show = async () => {
    try {
      const pictures = await unlessAborted(observer.pictures(signal), signal);
      if (pictures) await onEvent({ type: "pictures", step: counters.step, ...pictures });
    } catch (error) {
      if (!(error instanceof NotAPicture)) throw error; // the weights may still recover
      await onEvent({ type: "notice", message: `No pictures at step ${counters.step}: ${error.message}` });
    }
  };
  let savedSeconds = elapsed();
  const save = async () => {
    const { step, consecutiveSkips } = counters;
    held.saving = true;
    syncMetrics(metrics); // no checkpoint knows of steps that the log could lose
    const saved = { step, folder: await saveState(out, identity, trainer, meter.gathered) };
    const { keepCheckpoints: recent, keepEvery: every } = training;
    // Amid skipped updates nothing is deleted: what is older may be what the run has to go back to.
    if (consecutiveSkips === 0) {
      await retainCheckpoints(checkpoints, { current: step, recent, every, best: (await bestKept())?.step });
    }
    held.saved = saved;
    held.saving = false;
    savedSeconds = elapsed();
    await onEvent({ type: "checkpoint", ...saved });
  };

  await onEvent({ type: "start", run, step: startStep, totalSteps: last });

  const goesOn = () =>
    counters.step < last && !signal?.aborted && elapsed() < (secondsLimit ?? Number.POSITIVE_INFINITY);
  let measured = Math.max(0, ...history.map((line) => (line.type === "validation" ? line.step : 0)));
  // Given up, by a signal, before the checkpoint that the run goes on from.
  if (goesOn() && measured < startStep && startStep % training.evaluateEvery === 0) {
    measured = startStep;
    await measure();
  }
  const waiting = { total: 0, steps: 0 };
  let shown = startStep;
  while (goesOn()) {
    const { updates, step } = counters;
    const stepBegan = performance.now();
    const microBatches = await inputs.take(step);
    const waitedSeconds = (performance.now() - stepBegan) / 1000;
    const report = await unlessAborted(trainer.step(microBatches, signal), signal);
    if (!report) break;
    const stepSeconds = (performance.now() - stepBegan) / 1000;
    waiting.total += waitedSeconds;
    waiting.steps += stepSeconds;
    meter.add(report, { images: training.batchSize, seconds: stepSeconds, waitedSeconds });
    const left = workLeft({ step: step + 1, startStep, lastStep: last, elapsed: elapsed(), secondsLimit });
    await onEvent({ type: "progress", ...position(), ...meter.means(), skips: counters.skips, ...left });
    if (report.skipped) await skip(report);
    if (counters.step % training.logEvery === 0) {
      await log();
      meter.reset();
    }
    let improved = false;
    if (counters.step % training.evaluateEvery === 0) {
      measured = counters.step;
      improved = await measure();
    }
    if (showsPictures(counters.step, training.sampleEvery)) {
      shown = counters.step;
      await show();
    }
    // Last, so that a run that goes on from here lacks nothing of this step.
    const due = counters.updates > updates && counters.updates % training.checkpointEvery === 0;
    if (due || improved || elapsed() - savedSeconds > LONGEST_UNSAVED_SECONDS) await save();
  }

  const interrupted = (signal?.aborted ?? false) && counters.step < last;
  await log();
  if (!interrupted && measured < counters.step) await measure();
  if (held.saved?.step !== counters.step) await save();
  if (!interrupted && shown < counters.step) await show();
  const { step, images, updates, skips } = counters;
  const best = (await bestKept()) ?? null;
  const dataWaitShare = waiting.steps > 0 ? waiting.total / waiting.steps : 0;
  return {
    step,
    images,
    updates,
    skips,
    seconds: seconds(),
    dataWaitShare,
    interrupted,
    checkpoint: held.saved!.folder,
    best,
  };
}

/** What the log says of a run when it starts or goes on. */
function runLine(config: Config, data: TrainOptions["data"], runtime: Runtime, resumedFrom: number | null): RunLine {
  const shares = informationShares(config);
  return {
    type: "run",
    time: new Date().toISOString(),
    version,
    node: process.version,
    device: runtime.device,
    threads: runtime.threads,
    preset: config.preset,
    data: data.train.name,
    trainImages: data.train.count,
    validationImages: data.validation.count,
    parameters: countParameters(parameterSpecs(config)),
    resumedFrom,
    groups: groups(config.model).map(({ index, resolution, channels }) => {
      return { index, resolution, channels, share: shares?.[index] ?? null };
    }),
  };
}

function checkImages({ model }: Config, { train: images, validation }: TrainOptions["data"]): void {
  for (const set of [images, ...(validation.count > 0 ? [validation] : [])]) {
    if (model.classes > 0 && set.classes.length !== model.classes) {
      throw new UserError(
        `Expected images of ${model.classes} classes, as model.classes says, got ${set.name} with ${set.classes.length || "no"} ` +
          `classes. Set model.classes=${set.classes.length}.`,
      );
    }
    checkShapes(model, set);
  }
}
