/** @file Tuning: which of several configurations comes furthest in the same time, by successive halving over short runs. */
import { join } from "node:path";
import { applySettings, type Config } from "../../config/index.js";
import { digestOfSet } from "../../data/index.js";
import { UserError } from "../../errors.js";
import type { BatchedOptions } from "../../inference/execution-options.js";
import { fingerprint } from "../../quality/results.js";
import type { TrainingEventListener } from "../../training/events.js";
import { fitToTime, measureSpeed, withSteps } from "../../training/fit-to-time.js";
import { openRun } from "../../training/run/open-run.js";
import type { TrainOptions } from "../../training/train.js";
import { trainUpTo } from "../train-up-to.js";
import type { Candidate } from "./candidates.js";
import type { Judge } from "./judge.js";
import { rungsOf } from "./rungs.js";
import { TuningLog } from "./tuning-log.js";

/** How long the speed of a kind of candidates is measured: seconds at most, and share of their time at most. */
const [MEASURED_SECONDS, MEASURED_SHARE] = [6, 0.05];

/** One run of a search: a candidate with a seed, up to a round. */
export interface TuningRun {
  candidate: Candidate;
  seed: number;
  /** The run folder. */
  folder: string;
  /** Of all rounds, from 1. */
  round: number;
  rounds: number;
  /** Batches at the end of this round. */
  steps: number;
}

/** How {@link tune} searches. */
export interface TuneOptions extends BatchedOptions {
  /** What all candidates have in common. Its steps and the length of its schedule follow from `minutes`. */
  config: Config;
  candidates: readonly Candidate[];
  /** Of training: every candidate is trained with each. */
  seeds: readonly number[];
  data: TrainOptions["data"];
  judge: Judge;
  /** Folder for the runs and the log. */
  out: string;
  /** Minutes that a candidate trains which comes to the end: each has as many steps as this machine makes of it in them. */
  minutes: number;
  /** Listens to the training of a run that begins or goes on. */
  onRun?: (run: TuningRun, begun: boolean) => TrainingEventListener | undefined;
  /** Told what is done between trainings. */
  onDoing?: (what: string) => void;
  /** Something the user should know, as a sentence. */
  onNotice?: (message: string) => void;
}

/** What a round found of a candidate. */
export interface TuningFigure {
  candidate: Candidate;
  /** One a seed; NaN where training diverged. */
  figures: number[];
}

/** What {@link tune} found. */
export interface TuningResult {
  /** The candidates of every round, the best first. */
  rounds: { share: number; results: TuningFigure[] }[];
  /** The best candidate of the last round, as a configuration to train with: its schedule is as long as in the search. */
  best: { candidate: Candidate; config: Config };
  /**
   * Whether the best two of the last round differ by more than the standard error over seeds of their difference; undefined with
   * one seed, which cannot tell.
   */
  isSure?: boolean;
}

/**
 * Trains candidates in rounds, each twice as long as the one before, judges them after every round, and goes on with the better
 * half. Runs go on where they stopped, so nothing is trained twice, and schedules are those of whole trainings. The same call
 * resumes an interrupted search.
 *
 * @throws UserError when the folder holds another search, a candidate is no configuration, or all diverge; the signal's reason
 *   when aborted
 */
export async function tune(options: TuneOptions): Promise<TuningResult> {
  const { config, candidates, seeds, data, judge, out, minutes } = options;
  const settings = candidates.map((candidate) => candidate.settings);
  for (const each of settings) applySettings(config, each); // refused before the work, not amid it
  const identity = digestOfSet(data.train);
  const log = await TuningLog.open(out, fingerprint(config, settings, seeds, minutes, judge.identity, identity));
  const plan = await planSteps(log, options);
  const rungs = rungsOf(candidates.length);
  const rounds: TuningResult["rounds"] = [];
  let left = [...candidates];
  for (const [index, { share }] of rungs.entries()) {
    const results: TuningFigure[] = [];
    for (const candidate of left) {
      const figures: number[] = [];
      for (const seed of seeds) {
        const whole = plan(candidate, seed);
        const run: TuningRun = {
          ...{ candidate, seed, round: index + 1, rounds: rungs.length },
          folder: runFolder(out, candidate.name, seed, seeds),
          steps: Math.max(1, Math.round(share * whole.training.steps)),
        };
        figures.push(await figureOf(run, whole, log, options));
      }
      results.push({ candidate, figures });
    }
    results.sort((a, b) => compare(meanOf(a), meanOf(b), judge.better));
    rounds.push({ share, results });
    left = results.slice(0, rungs[index + 1]?.candidates).map(({ candidate }) => candidate);
  }
  const [first, second] = rounds.at(-1)!.results;
  if (Number.isNaN(meanOf(first))) {
    throw new UserError("diverged", "Every candidate diverged. Try smaller learning rates.");
  }
  const best = { candidate: first.candidate, config: plan(first.candidate, config.training.seed) };
  return { rounds, best, ...(seeds.length > 1 && { isSure: isApart(first.figures, second.figures) }) };
}

/** The folder of a candidate's run. */
export const runFolder = (out: string, candidate: string, seed: number, seeds: readonly number[]): string =>
  join(out, seeds.length === 1 ? candidate : `${candidate}-seed-${seed}`);

/** The configuration of a candidate: its schedule ends after the minutes given, at the speed that was measured here. */
async function planSteps(
  log: TuningLog,
  { config, candidates, data, minutes, runtime, signal, onDoing }: TuneOptions,
): Promise<(candidate: Candidate, seed: number) => Config> {
  const speeds = new Map<string, number>(); // of models and batches of one kind
  for (const { name, settings } of candidates) {
    if (log.steps(name) !== undefined) continue;
    const whole = applySettings(config, settings);
    const { batchSize, microBatchSize } = whole.training;
    const kind = JSON.stringify([whole.model, whole.objective.output, batchSize, microBatchSize]);
    if (!speeds.has(kind)) {
      onDoing?.(`measuring the speed of candidate ${name} …`);
      const measuredSeconds = Math.min(MEASURED_SECONDS, 60 * minutes * MEASURED_SHARE);
      const { imagesPerSecond } = await measureSpeed(whole, data, { measuredSeconds, runtime, signal });
      speeds.set(kind, imagesPerSecond);
    }
    await log.plan(name, fitToTime(whole, speeds.get(kind)!, 60 * minutes).training.steps);
  }
  return ({ name, settings }, seed) => {
    return withSteps(applySettings(config, [...settings, `training.seed=${seed}`]), log.steps(name)!);
  };
}

/** The figure of a run at the end of a round. */
async function figureOf(
  run: TuningRun,
  config: Config,
  log: TuningLog,
  { data, judge, batch, runtime, signal, onRun, onDoing, onNotice }: TuneOptions,
): Promise<number> {
  const at = { candidate: run.candidate.name, seed: run.seed, step: run.steps };
  const known = log.figure(at);
  if (known !== undefined) return known;
  let listener: TrainingEventListener | undefined;
  const done = await trainUpTo({
    ...{ config, data, out: run.folder, steps: run.steps, runtime, signal, onNotice },
    onBegin: (begun) => {
      listener = onRun?.(run, begun);
    },
    onEvent: (event) => listener?.(event),
  }).catch((error) => {
    if (!(error instanceof UserError) || error.code !== "diverged") throw error;
    onNotice?.(`Candidate ${run.candidate.name} is out: ${error.message}`);
    return undefined;
  });
  signal?.throwIfAborted();
  onDoing?.(`judging ${run.folder} by ${judge.name} …`);
  const figure = done ? await judge.measure(await openRun(run.folder), { batch, runtime, signal }) : Number.NaN;
  await log.add(at, figure);
  return figure;
}

/** NaN where any seed diverged: such a candidate is not to be relied on. */
const meanOf = ({ figures }: TuningFigure): number => figures.reduce((sum, each) => sum + each, 0) / figures.length;

/** The better first; what is no number last. */
function compare(a: number, b: number, better: Judge["better"]): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return better === "lower" ? a - b : b - a;
}

/** Whether two candidates differ by more than the standard error of the mean of their differences, seed by seed. */
function isApart(first: readonly number[], second: readonly number[]): boolean {
  const differences = first.map((figure, index) => figure - second[index]);
  if (!differences.every(Number.isFinite)) return true; // the second diverged
  const mean = differences.reduce((sum, each) => sum + each, 0) / differences.length;
  const squares = differences.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return Math.abs(mean) > Math.sqrt(squares / (differences.length - 1) / differences.length);
}
