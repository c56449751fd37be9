/** @file `refine`: trains a flow over the latents of a model's first groups. */
import { digestOfSet, type ImageSet } from "../data/index.js";
import { defaultRuntime, leaves, type Runtime, spec } from "../engine/index.js";
import { DEFAULT_BATCH, type ExecutionOptions } from "../inference/execution-options.js";
import { checkModelImages } from "../inference/programs/model-inputs.js";
import type { TrainedModel } from "../inference/trained-model.js";
import type { Limits } from "../training/limits.js";
import { adam } from "../training/optimizer/adam.js";
import { SmallTrainer } from "../training/optimizer/small-trainer.js";
import type { FlowLine } from "../training/run/metrics-log.js";
import { clearLeftovers, runPaths } from "../training/run/run-folder.js";
import { lockRun } from "../training/run/run-lock.js";
import { StageLog, stageRunLine } from "../training/run/stage-log.js";
import { expectNoRun } from "../training/run/starting-point.js";
import { type StageEvent, type StageProgress, type StageResult, trainStage } from "../training/stage-loop.js";
import { pause, thenCleanUp } from "../training/stopping.js";
import { codeHash } from "../version.js";
import { flowLoss } from "./flow.js";
import { flowSpecs, initialFlow, type Refined, readFlowState, saveFlow } from "./flow-state.js";
import {
  type ChannelMoments,
  channelMoments,
  checkGroups,
  defaultGroups,
  normalise,
  type Stack,
  stacksOf,
} from "./latents.js";
import { drawCount, type PosteriorDraws, posteriorDraws } from "./posterior-draws.js";
import { describeRefinement, readRefinementConfig, refinementOf } from "./refinement-config.js";
import { BATCH, trainingBatch } from "./training-batch.js";

/** Steps of a refinement where nothing is said. */
const STEPS = 3000;
const ADAM = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 };

/** How far a refinement's training is, after a step. */
export type RefineProgress = StageProgress;

/** What {@link refine} tells while it works. */
export type RefineEvent =
  /** Images whose latents have been drawn, of all. */
  { type: "latents"; done: number; count: number } | StageEvent<FlowLine>;

/** What {@link refine} learns, where, and for how long. */
export interface RefineOptions extends ExecutionOptions {
  /** The images that the model was trained on. */
  images: ImageSet;
  /** Folder of the refinement: RUN/refinement, where sampling looks for it. */
  out: string;
  /** How many of the first groups the flow draws. Default: all of at most 8×8 pixels. */
  groups?: number;
  /**
   * Draws from the posteriors of the images to learn from. Default: one of each image, but at least 8,192 in all, and as many as
   * take 1 GB.
   */
  draws?: number;
  /** Default 0. */
  seed?: number;
  /** Resume from the newest undamaged checkpoint in `out`, with its groups, draws and seed; with none there, start. */
  resume?: boolean;
  /** Steps and images are totals, minutes count from the call. Default: 3,000 steps; with minutes alone, as many as they hold. */
  limit?: Limits;
  /** When aborted, the step under way is finished and a checkpoint saved. */
  signal?: AbortSignal;
  /** Awaited: training continues when it returns. */
  onEvent?: (event: RefineEvent) => void | Promise<void>;
}

/** How a refinement's training ended. */
export type RefineResult = StageResult;

/**
 * Trains a flow over the latents of a model's first groups, by flow matching, and leaves a folder that `openRefinement` reads.
 * The model stays as it is. Equal models, images, seeds, versions and thread counts leave equal checkpoints, byte for byte,
 * however often training was interrupted and resumed.
 *
 * @throws UserError when the model has no groups to refine or does not take the images, when `out` holds a refinement and
 *   `resume` is not set or another process trains into it, when its checkpoint is of another refinement, or when the loss is
 *   no number any more
 * @throws the signal's reason when it is aborted before the first step
 */
export async function refine(model: TrainedModel, options: RefineOptions): Promise<RefineResult> {
  const called = performance.now();
  const { images, out, resume = false } = options;
  const kept = resume ? await readRefinementConfig(out).catch(() => undefined) : undefined; // there may be none to resume
  const { groups = kept?.groups ?? defaultGroups(model.config.model), seed = kept?.seed ?? 0 } = options;
  checkGroups(model.config.model, groups);
  const { draws = kept?.draws ?? drawCount(images.count, stacksOf(model.config.model, groups)) } = options;
  const refined = { config: refinementOf(model, { groups, draws, seed }), model: model.config.model };
  checkModelImages(model.config.model, images, images.name);
  const lock = await lockRun(out);
  return thenCleanUp(
    async () => {
      for (const message of lock.notices) await options.onEvent?.({ type: "notice", message });
      await clearLeftovers(out);
      if (!resume) await expectNoRun(out);
      return trainFlow(model, refined, options, { called, lost: lock.lost });
    },
    () => lock.release(),
  );
}

async function trainFlow(
  model: TrainedModel,
  refined: Refined,
  { images, out, limit = {}, runtime = defaultRuntime(), signal, onEvent: emit = () => {} }: RefineOptions,
  { called, lost }: { called: number; lost: AbortSignal },
): Promise<RefineResult> {
  const { seed, groups, draws: count } = refined.config;
  const { classes } = refined.model;
  const data = { count: images.count, digest: digestOfSet(images) };
  const notices: string[] = [];
  const found = await readFlowState(out, refined, data, (message) => notices.push(message));
  for (const message of notices) await emit({ type: "notice", message });
  await describeRefinement(out, refined.config);
  await pause(signal);
  const stacks = stacksOf(refined.model, groups);
  const { draws, normalisation } = await normalisedDraws(model, images, stacks, { count, seed, runtime, signal, emit });
  const start = found?.state ?? { parameters: initialFlow(refined) };
  await using trainer = await createTrainer(refined, stacks, start, found?.step ?? 0, runtime);
  const run = await stageRunLine(model, {
    ...{ images, runtime, resumedFrom: found?.step ?? null },
    parameters: leaves(flowSpecs(refined)).reduce((sum, { size }) => sum + size, 0),
    groups: stacksOf(refined.model, refined.config.groups).flatMap((stack) =>
      stack.groups.map(({ index, resolution, channels }) => ({ index, resolution, channels, share: null })),
    ),
  });
  const log = await StageLog.open(runPaths(out).metrics, "flow", run);
  return await trainStage(
    {
      ...{ name: "Refinement", trainer, log, batchSize: BATCH },
      batchOf: (step) => trainingBatch(draws, stacks, { step, seed, classes }),
      save: async (position) =>
        saveFlow(out, refined, { state: await trainer.read(), normalisation }, { ...position, data }),
    },
    {
      ...{ limit, steps: STEPS, called, lost, signal, emit },
      found: found && { step: found.step, folder: found.folder },
    },
  );
}

/** What is learnt from: draws of every channel with mean 0 and variance 1. */
async function normalisedDraws(
  model: TrainedModel,
  images: ImageSet,
  stacks: readonly Stack[],
  {
    emit,
    ...drawing
  }: {
    count: number;
    seed: number;
    runtime: Runtime;
    signal?: AbortSignal;
    emit: NonNullable<RefineOptions["onEvent"]>;
  },
): Promise<{ draws: PosteriorDraws; normalisation: ChannelMoments[] }> {
  const draws = await posteriorDraws(model, images, stacks, {
    ...{ ...drawing, batch: DEFAULT_BATCH },
    onProgress: (done, count) => void emit({ type: "latents", done, count }),
  });
  const normalisation = stacks.map(({ shape }, index) => {
    const moments = channelMoments(draws.stacks[index], shape);
    normalise(draws.stacks[index], shape, moments);
    return moments;
  });
  return { draws, normalisation };
}

function createTrainer(
  refined: Refined,
  stacks: readonly Stack[],
  start: Parameters<typeof SmallTrainer.create<ReturnType<typeof flowSpecs>, unknown>>[1],
  updates: number,
  runtime: Runtime,
) {
  const latents = stacks.map(({ shape }) => spec([BATCH, ...shape]));
  const labels = refined.model.classes > 0 ? { labels: spec([BATCH], "int32") } : {};
  const training = {
    ...{ optimizer: adam, constants: ADAM, parameters: flowSpecs(refined), loss: flowLoss, runtime },
    batch: { latents, noise: latents, times: spec([BATCH]), ...labels },
    cacheKey: JSON.stringify(["refinement", codeHash(), refined.model.classes, latents.map(({ shape }) => shape)]),
  };
  return SmallTrainer.create(training, start, updates);
}
