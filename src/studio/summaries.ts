/** @file What a studio says of a run and of its model: read from the run folder, of which the weights are left alone. */

import { stat } from "node:fs/promises";
import type { Config } from "../config/index.js";
import { UserError } from "../errors.js";
import { parameterSpecs } from "../inference/trained-model.js";
import { cascadeProblem } from "../latents/cascade.js";
import { countParameters, groups } from "../model/index.js";
import { listCheckpoints } from "../training/run/checkpoint.js";
import { groupKlOf } from "../training/run/held-out.js";
import { type MetricsLine, readMetrics } from "../training/run/metrics-log.js";
import { readDataSummary, readRunConfig, runPaths } from "../training/run/run-folder.js";
import { readRunStatus } from "../training/run/run-status.js";
import type { Catalogue, StudioRun } from "./catalogue.js";
import type { GroupSummary, ModelSummary, RunSummary } from "./protocol.js";

/** The models of a catalogue that have a checkpoint and draw pictures by themselves. */
export async function summariseModels(catalogue: Catalogue): Promise<ModelSummary[]> {
  const read = (await catalogue.list()).map((run) => readModel(run).catch(unlessUsers));
  const models = (await Promise.all(read)).filter((model) => model !== undefined);
  const enlargers = models.filter(({ config }) => config.model.superResolution);
  return models
    .filter(({ config }) => !config.model.superResolution)
    .map(({ config, summary }) => ({
      ...summary,
      enlargers: enlargers
        .filter((other) => cascadeProblem(config.model, other.config.model) === undefined)
        .map(({ summary: { id, name, run, resolution } }) => ({ id, name, run, resolution })),
    }));
}

/** What is wrong with a run is told by its own summary. */
function unlessUsers(error: unknown): undefined {
  if (!(error instanceof UserError)) throw error;
}

async function readModel(run: StudioRun): Promise<{ config: Config; summary: ModelSummary } | undefined> {
  const { checkpoints, metrics } = runPaths(run.folder);
  const step = (await listCheckpoints(checkpoints)).at(-1);
  if (step === undefined) return undefined;
  const config = await readRunConfig(run.folder);
  const { classes, classCounts } = await readDataSummary(run.folder);
  const named = classes.slice(0, config.model.classes);
  const summary: ModelSummary = {
    id: run.id,
    name: run.name,
    run: run.run,
    resolution: config.model.resolution,
    groups: groupSummaries(config, linesOf(metrics)),
    classes: Array.from({ length: config.model.classes }, (_, label) => named[label] ?? `class ${label}`),
    classCounts,
    step,
    parameters: countParameters(parameterSpecs(config)),
    enlargers: [],
    refinement: null,
  };
  return { config, summary };
}

/** The lines of a log, or none where it cannot be read: a model needs none. */
function linesOf(path: string): MetricsLine[] {
  try {
    return readMetrics(path);
  } catch (error) {
    unlessUsers(error);
    return [];
  }
}

/** Groups with their target and their mean KL, held out where that was measured. */
function groupSummaries({ model }: Config, lines: readonly MetricsLine[]): GroupSummary[] {
  const run = lines.findLast((line) => line.type === "run");
  const klNats = groupKlOf(lines) ?? [];
  return groups(model).map(({ index, resolution, channels }) => ({
    ...{ index, resolution, channels },
    share: run?.groups[index]?.share ?? null,
    klNats: Number.isFinite(klNats[index]) ? klNats[index] : null,
  }));
}

/** Remembers a run as long as its files are the same: reading all of it takes a while, and somebody asks every second. */
export class RunSummaries {
  readonly #known = new Map<string, { signature: string; summary: RunSummary }>();

  /** @param advise - puts sentences into the reader's words */
  constructor(private readonly advise: (sentence: string) => string) {}

  /** Runs as they stand now. */
  of(runs: readonly StudioRun[]): Promise<RunSummary[]> {
    return Promise.all(runs.map((run) => this.#summarise(run)));
  }

  async #summarise(run: StudioRun): Promise<RunSummary> {
    const { metrics, checkpoints, config } = runPaths(run.folder);
    const times = [run.folder, metrics, checkpoints, config].map(async (path) => {
      const status = await stat(path).catch(() => undefined);
      return `${status?.mtimeMs} ${status?.size}`;
    });
    const signature = (await Promise.all(times)).join();
    const known = this.#known.get(run.id);
    // whether a trainer still lives is not to be seen from the times of files
    if (known?.signature === signature && !known.summary.training) return known.summary;
    const summary = await summarise(run, this.advise);
    this.#known.set(run.id, { signature, summary });
    return summary;
  }
}

async function summarise(run: StudioRun, advise: (sentence: string) => string): Promise<RunSummary> {
  const { id, name, run: named } = run;
  const unknown = { id, name, run: named, resolution: null, step: 0, totalSteps: 0, training: false, playable: false };
  try {
    const { model } = await readRunConfig(run.folder);
    const { step, totalSteps, trainers, checkpoints, notices } = await readRunStatus(run.folder);
    const known = {
      resolution: model.resolution,
      step,
      totalSteps,
      training: trainers.length > 0,
      notices: notices.map(advise),
    };
    return { ...unknown, ...known, playable: checkpoints.length > 0 && model.superResolution === undefined };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...unknown, notices: [], problem: advise(error.message) };
  }
}
