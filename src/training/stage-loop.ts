/** @file The loop that trains a second stage on a frozen model: one step after another, and whatever is due after each. */
import { UserError } from "../errors.js";
import { type Limits, lastStep, workLeft } from "./limits.js";
import { averageDecay } from "./optimizer/schedules.js";
import type { SmallTrainer, UpdateRates } from "./optimizer/small-trainer.js";
import type { StageLine } from "./run/metrics-log.js";
import type { StageLog, StagePosition } from "./run/stage-log.js";

/** Steps between lines of the log, and between checkpoints. */
const [LOG_EVERY, SAVE_EVERY] = [50, 500];

/** Most that the learning rate is, and when it has come there and begins to fall. */
const [LEARNING_RATE, WARMUP_STEPS, LEVEL_STEPS] = [1e-3, 100, 1000];
const AVERAGE = { emaDecay: 0.9995, emaWarmup: true };

/**
 * Learning rate of update `t`, counted from 0: it needs no last step, so that training can stop at any time and go on later
 * (Karras et al. 2024, with a warm-up):
 *
 *     rate(t) = 10⁻³ · min(1, (t + 1) / 100) / √max(1, t / 1000)
 */
const learningRate = (t: number): number =>
  (LEARNING_RATE * Math.min(1, (t + 1) / WARMUP_STEPS)) / Math.sqrt(Math.max(1, t / LEVEL_STEPS));

const ratesOf = (t: number): UpdateRates => ({ learningRate: learningRate(t), emaDecay: averageDecay(t, AVERAGE) });

/** How far the training of a second stage is, after a step. */
export interface StageProgress {
  /** Batches seen. */
  step: number;
  /** Batches in all; null where only time ends it. */
  totalSteps: number | null;
  /** Mean since the last line of the log. */
  loss: number;
  imagesPerSecond: number;
  /** Share of the work asked for that is done, in [0, 1], and the time until the nearest limit at the present rate. */
  share: number;
  secondsLeft: number;
}

/** What the training of a second stage tells while it works. */
export type StageEvent<Line extends StageLine> =
  | ({ type: "progress" } & StageProgress)
  | { type: "metrics"; line: Line }
  | { type: "checkpoint"; step: number; folder: string }
  /** Something the user should know, as a sentence. */
  | { type: "notice"; message: string };

/** How the training of a second stage ended. */
export interface StageResult extends StagePosition {
  /** Mean over the last steps; NaN where there was none. */
  loss: number;
  interrupted: boolean;
  /** Folder of the last checkpoint. */
  checkpoint: string;
}

/** What is trained. */
export interface Stage<Batch, Type extends StageLine["type"]> {
  /** For messages: "Refinement". */
  name: string;
  trainer: Pick<SmallTrainer<unknown, unknown>, "step">;
  log: StageLog<Type>;
  batchSize: number;
  /** The batch of a step, which depends on its number alone. It is made while the step before it is computed. */
  batchOf(step: number): Batch | Promise<Batch>;
  /** Saves a checkpoint. @returns its folder */
  save(position: StagePosition): Promise<string>;
}

/** How long it is trained, and who watches. */
export interface StageOptions<Line extends StageLine> {
  limit: Limits;
  /** Steps where nothing is said. */
  steps: number;
  /** The checkpoint that training resumes from. */
  found: { step: number; folder: string } | undefined;
  /** When the user called, by `performance.now()`: minutes count from there. */
  called: number;
  /** Aborted when another process has taken the folder. */
  lost: AbortSignal;
  signal?: AbortSignal;
  emit: (event: StageEvent<Line>) => void | Promise<void>;
}

/**
 * Trains until a limit, or until the signal is aborted, and saves at the end.
 *
 * @throws UserError when the loss is no number any more; the reason of `lost`
 */
export async function trainStage<Batch, Type extends StageLine["type"]>(
  { name, trainer, log, batchSize, batchOf, save: write }: Stage<Batch, Type>,
  { limit, steps, found, called, lost, signal, emit }: StageOptions<Extract<StageLine, { type: Type }>>,
): Promise<StageResult> {
  const last = lastStep(limit, { steps: limit.minutes === undefined ? steps : Number.POSITIVE_INFINITY, batchSize });
  const secondsLimit = 60 * (limit.minutes ?? Number.POSITIVE_INFINITY);
  const elapsed = () => (performance.now() - called) / 1000;
  const startStep = found?.step ?? 0;
  let step = startStep;
  let saved = found;
  let loss = Number.NaN;
  const position = () => ({ step, images: step * batchSize });
  const note = async () => {
    const line = log.write(position(), learningRate(step - 1));
    await emit({ type: "metrics", line });
  };
  const save = async () => {
    lost.throwIfAborted();
    log.sync(); // no checkpoint knows of steps that the log could lose
    saved = { step, folder: await write(position()) };
    await emit({ type: "checkpoint", ...saved });
  };
  const began = elapsed(); // all is prepared
  const isTime = () => step === startStep || elapsed() < secondsLimit; // one step at least: preparing may take it all
  let batch = step < last ? await batchOf(step) : undefined;
  while (step < last && isTime() && !signal?.aborted) {
    const stepping = trainer.step(batch as never, ratesOf(step));
    const [value, next] = await Promise.all([stepping, step + 1 < last ? batchOf(step + 1) : undefined]);
    batch = next;
    lost.throwIfAborted();
    if (!Number.isFinite(value)) throw diverged(name, step, saved?.folder);
    step += 1;
    log.add(value, batchSize);
    const means = log.means();
    loss = means.loss;
    const time = { elapsed: elapsed() - began, secondsLimit: Math.max(secondsLimit - began, 0) };
    const left = workLeft({ step, startStep, lastStep: last, ...time });
    await emit({ type: "progress", step, totalSteps: Number.isFinite(last) ? last : null, ...means, ...left });
    if (step % LOG_EVERY === 0) await note();
    if (step % SAVE_EVERY === 0) await save();
  }
  if (!log.isEmpty) await note();
  if (saved?.step !== step) await save();
  return { ...position(), loss, interrupted: (signal?.aborted ?? false) && step < last, checkpoint: saved!.folder };
}

function diverged(name: string, step: number, checkpoint: string | undefined): UserError {
  const kept = checkpoint ? `The last checkpoint is ${checkpoint}.` : "There is no checkpoint yet.";
  return new UserError(
    "diverged",
    `${name} stopped at step ${step}: the loss is no number. ${kept} Another \`seed\` meets other batches.`,
  );
}
