/** @file `trainHead`: trains a second model of the pixels on what a frozen model says of its training images. */
import type { numpy as np } from "@jax-js/jax";
import { Batches, digestOfSet, type ImageSet } from "../data/index.js";
import { defaultRuntime, leaves, type Operand, type Runtime, type Spec, spec } from "../engine/index.js";
import { UserError } from "../errors.js";
import type { ExecutionOptions } from "../inference/execution-options.js";
import { compileDecoderPass, type DecoderProgram } from "../inference/programs/decoder-pass.js";
import { checkModelImages } from "../inference/programs/model-inputs.js";
import type { TrainedModel } from "../inference/trained-model.js";
import { normalNoise, stream } from "../latents/noise.js";
import { groups } from "../model/index.js";
import type { Limits } from "../training/limits.js";
import { adam } from "../training/optimizer/adam.js";
import { SmallTrainer } from "../training/optimizer/small-trainer.js";
import type { HeadLine } from "../training/run/metrics-log.js";
import { clearLeftovers, runPaths } from "../training/run/run-folder.js";
import { lockRun } from "../training/run/run-lock.js";
import { StageLog, stageRunLine } from "../training/run/stage-log.js";
import { expectNoRun } from "../training/run/starting-point.js";
import { type StageEvent, type StageResult, trainStage } from "../training/stage-loop.js";
import { pause, thenCleanUp } from "../training/stopping.js";
import { codeHash } from "../version.js";
import { codeLength, type Decoded } from "./head.js";
import { checkHeadOf, describeHead, headConfigOf, readHeadConfig } from "./head-config.js";
import {
  type HeadOf,
  type HeadState,
  headShape,
  headSpecs,
  initialHead,
  readHeadState,
  saveHead,
} from "./head-state.js";
import { type HeadName, type HeadWeights, headOf } from "./heads.js";

/** Steps of a head where nothing is said, and images of one step. */
const [STEPS, BATCH] = [3000, 16];
const ADAM = { beta1: 0.9, beta2: 0.99, epsilon: 1e-8 };

/** What {@link trainHead} tells while it works. */
export type HeadEvent = StageEvent<HeadLine>;
/** How a head's training ended; the loss is in bits per dimension, of p(x|z) alone. */
export type HeadResult = StageResult;

/** What {@link trainHead} trains, where, and for how long. */
export interface TrainHeadOptions extends ExecutionOptions {
  head: HeadName;
  /** The images that the model was trained on. */
  images: ImageSet;
  /** Folder of the head: RUN/heads/NAME, where sampling and evaluation look for it. */
  out: string;
  /** Default 0. */
  seed?: number;
  /** Resume from the newest undamaged checkpoint in `out`, with its seed; with none there, start. */
  resume?: boolean;
  /** Steps and images are totals, minutes count from the call. Default: 3,000 steps; with minutes alone, as many as they hold. */
  limit?: Limits;
  /** When aborted, the step under way is finished and a checkpoint saved. */
  signal?: AbortSignal;
  /** Awaited: training continues when it returns. */
  onEvent?: (event: HeadEvent) => void | Promise<void>;
}

/** What one step is computed from. */
type HeadBatch<T> = Decoded<T> & {
  /** [N, 3, R, R], exact byte levels. */
  images: T;
};

/**
 * Trains a head and leaves a folder that `openHead` reads. The model stays as it is: each batch of its training images is encoded
 * with fresh noise, z ~ q(z | x), and the head learns to code the image's bytes given what the decoder says of z. Its loss,
 *
 *     −ln p(x | z) / (D ln 2)        bits per dimension
 *
 * and the model's rate are a bound on −ln p(x). Equal models, images, seeds, versions and thread counts leave equal checkpoints,
 * byte for byte, however often training was interrupted and resumed.
 *
 * @throws UserError when the model is one of super-resolution or does not take the images, when `out` holds a head and `resume`
 *   is not set or another process trains into it, when its checkpoint is of another head, or when the loss is no number any more
 * @throws the signal's reason when it is aborted before the first step
 */
export async function trainHead(model: TrainedModel, options: TrainHeadOptions): Promise<HeadResult> {
  const called = performance.now();
  const { head, images, out, resume = false } = options;
  if (model.config.model.superResolution) {
    throw new UserError("wrong-model", "Expected a base model for a head, got a super-resolution model.");
  }
  const kept = resume ? await readHeadConfig(out).catch(() => undefined) : undefined; // there may be none to resume
  if (kept) checkHeadOf(kept, model, out);
  const config = headConfigOf(model, { head, seed: options.seed ?? kept?.seed ?? 0 });
  checkModelImages(model.config.model, images, images.name);
  const lock = await lockRun(out);
  return thenCleanUp(
    async () => {
      for (const message of lock.notices) await options.onEvent?.({ type: "notice", message });
      await clearLeftovers(out);
      if (!resume) await expectNoRun(out);
      return train(model, { config, model: model.config.model }, options, { called, lost: lock.lost });
    },
    () => lock.release(),
  );
}

async function train(
  model: TrainedModel,
  head: HeadOf,
  { images, out, limit = {}, runtime = defaultRuntime(), signal, onEvent: emit = () => {} }: TrainHeadOptions,
  { called, lost }: { called: number; lost: AbortSignal },
): Promise<HeadResult> {
  const data = { count: images.count, digest: digestOfSet(images) };
  const notices: string[] = [];
  const found = await readHeadState(out, head, data, (message) => notices.push(message));
  for (const message of notices) await emit({ type: "notice", message });
  await describeHead(out, head.config);
  await pause(signal);
  await using decoder = await compileDecoderPass(model.config, BATCH, model.parameters, runtime);
  const start = found?.state ?? { parameters: initialHead(head) };
  await using trainer = await createTrainer(head, start, found?.step ?? 0, runtime);
  const run = await stageRunLine(model, {
    ...{ images, runtime, resumedFrom: found?.step ?? null },
    parameters: (leaves(headSpecs(head)) as Spec[]).reduce((sum, { size }) => sum + size, 0),
    groups: [],
  });
  const log = await StageLog.open(runPaths(out).metrics, "head", run);
  const batchOf = batchMaker(model, images, head.config.seed, decoder);
  return await trainStage(
    {
      ...{ name: "The head's training", trainer, log, batchSize: BATCH, batchOf },
      save: async (position) => saveHead(out, head, await trainer.read(), { ...position, data }),
    },
    {
      ...{ limit, steps: STEPS, called, lost, signal, emit },
      found: found && { step: found.step, folder: found.folder },
    },
  );
}

/**
 * Makes the batch of a step, which its number and the seed decide: images of an endless shuffled stream, mirrored where the model
 * learnt it so, and what the decoder says of a draw from their posterior.
 */
function batchMaker({ config }: TrainedModel, images: ImageSet, seed: number, decoder: DecoderProgram) {
  const { model, training } = config;
  const source = new Batches(images, { batchSize: BATCH, seed, flips: training.flips });
  const shapes = groups(model).map(({ shape }) => shape);
  const rows = Array.from({ length: BATCH }, (_, row) => row);
  return async (step: number): Promise<HeadBatch<Operand>> => {
    const { images: pixels, labels } = source.batch(step);
    const { features, mean } = await decoder.run({
      batch: { images: pixels, ...(model.classes > 0 ? { labels } : {}) },
      noise: normalNoise(stream(seed, "headLatents", step), rows, shapes),
    });
    return { features, mean, images: pixels };
  };
}

function createTrainer(
  head: HeadOf,
  start: { parameters: HeadWeights<Float32Array> } | HeadState,
  updates: number,
  runtime: Runtime,
) {
  const shape = headShape(head.model);
  const { resolution } = shape;
  const pixels = (count: number): Spec => spec([BATCH, count, resolution, resolution]);
  const network = headOf(head.config.head);
  const dimensions = 3 * resolution ** 2;
  const loss = (weights: HeadWeights<np.Array>, { images, ...decoded }: HeadBatch<np.Array>) =>
    codeLength(network, weights, decoded, images)
      .mean()
      .mul(1 / (dimensions * Math.LN2));
  const training = {
    ...{ optimizer: adam, constants: ADAM, parameters: headSpecs(head), loss, runtime },
    batch: { features: pixels(shape.features), mean: pixels(3), images: pixels(3) },
    cacheKey: JSON.stringify(["head", codeHash(), head.config.head, shape]),
  };
  return SmallTrainer.create(training, start, updates);
}
