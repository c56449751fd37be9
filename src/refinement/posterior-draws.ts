/** @file What a refinement learns from: draws from the posterior of the training images. */
import { numpy as np } from "@jax-js/jax";
import { Batches, type ImageSet } from "../data/index.js";
import { spec } from "../engine/index.js";
import { type Portion, runPortions } from "../inference/batches.js";
import type { BatchedOptions } from "../inference/execution-options.js";
import { compileForModel } from "../inference/programs/compiled.js";
import { modelInputSpecs } from "../inference/programs/model-inputs.js";
import type { TrainedModel } from "../inference/trained-model.js";
import { normalNoise, stream } from "../latents/noise.js";
import { draw, encode, groups, initialState, type ModelParameters, posterior, topDown } from "../model/index.js";
import type { ModelInputs } from "../objective/auto-encode.js";
import type { Stack } from "./latents.js";

/** Draws where there are fewer images: each image then has several, of itself and mirrored where the model learnt it so. */
const LEAST = 8192;
/** Memory that they may take, bytes. */
const MOST_BYTES = 2 ** 30;
/** Share of a refinement's time in which it draws, where time is short, and images drawn in the time of one trained on, or more. */
const DRAWING_SHARE = 0.15;
const DRAWN_PER_TRAINED = 5;
/** Fewer draws than this are too few to learn from, however short the time. */
const LEAST_IN_TIME = 512;

/** Latents of images and their labels. */
export interface PosteriorDraws {
  count: number;
  /** For every stack [count, C, r, r]. */
  stacks: Float32Array[];
  /** [count]; length 0 in models without classes. */
  labels: Int32Array;
}

/** How many draws are made of so many images. */
export function drawCount(images: number, stacks: readonly Stack[]): number {
  const bytes = 4 * stacks.reduce((sum, { shape: [channels, height, width] }) => sum + channels * height * width, 0);
  return Math.min(Math.max(images, LEAST), Math.floor(MOST_BYTES / bytes));
}

/**
 * How many draws of so many images a refinement of `seconds` has the time for: one is encoded faster than it was trained on, and
 * drawing takes a small part of the time.
 *
 * @param imagesPerSecond - in training the model
 */
export function drawCountWithin(
  seconds: number,
  imagesPerSecond: number,
  images: number,
  stacks: readonly Stack[],
): number {
  const affordable = Math.round(DRAWING_SHARE * seconds * DRAWN_PER_TRAINED * imagesPerSecond);
  return Math.min(Math.max(affordable, LEAST_IN_TIME), drawCount(images, stacks));
}

interface DrawInputs<T> {
  batch: ModelInputs<T>;
  posteriorNoise: T[];
}

/** z_i ~ q(z_i | z_<i, x) of the first groups, stacked by resolution. */
function posteriorLatents(
  { config: { model } }: Pick<TrainedModel, "config">,
  stacks: readonly Stack[],
  parameters: ModelParameters<np.Array>,
  { batch: { images, labels }, posteriorNoise }: DrawInputs<np.Array>,
): np.Array[] {
  const drawn: np.Array[] = [];
  const activations = encode(parameters.encoder, model, images, labels);
  topDown(parameters, model, {
    initial: initialState(parameters, { count: images.shape[0], labels }),
    labels,
    chooseLatent: (group, prior, hidden) => {
      if (group.index >= posteriorNoise.length) return prior.mean; // nothing that is returned depends on it
      const z = draw(posterior(parameters, group, hidden, activations, labels), posteriorNoise[group.index]);
      drawn[group.index] = z.ref;
      return z;
    },
  }).dispose();
  return stacks.map((stack) =>
    np.concatenate(
      stack.groups.map(({ index }) => drawn[index]),
      1,
    ),
  );
}

/**
 * Draws from the posteriors of the first images of an endless shuffled stream of the set. Draw `i` depends on seed, images and
 * model alone.
 *
 * @throws the signal's reason when aborted
 */
export async function posteriorDraws(
  model: TrainedModel,
  images: ImageSet,
  stacks: readonly Stack[],
  {
    count,
    seed,
    batch,
    runtime,
    signal,
    onProgress,
  }: Required<Pick<BatchedOptions, "batch">> &
    BatchedOptions & { count: number; seed: number; onProgress?: (done: number, count: number) => void },
): Promise<PosteriorDraws> {
  const { config, parameters } = model;
  const shapes = groups(config.model)
    .slice(
      0,
      stacks.reduce((sum, stack) => sum + stack.groups.length, 0),
    )
    .map(({ shape }) => shape);
  const inputs = {
    batch: modelInputSpecs(config.model, batch),
    posteriorNoise: shapes.map((shape) => spec([batch, ...shape])),
  };
  const pass = (weights: ModelParameters<np.Array>, given: DrawInputs<np.Array>) =>
    posteriorLatents(model, stacks, weights, given);
  const described = { name: "posterior latents", config, options: shapes.length };
  await using program = await compileForModel(pass, described, parameters, inputs, runtime);
  const source = new Batches(images, { batchSize: batch, seed, flips: config.training.flips });
  const drawn = {
    count,
    stacks: stacks.map(({ shape: [channels, height, width] }) => new Float32Array(count * channels * height * width)),
    labels: new Int32Array(config.model.classes > 0 ? count : 0),
  };
  const begin = async ({ first }: Portion) => {
    const { images: pixels, labels } = source.batch(first / batch);
    const numbers = Array.from({ length: batch }, (_, row) => first + row);
    const latents = await program.run({
      batch: { images: pixels, ...(config.model.classes > 0 ? { labels } : {}) },
      posteriorNoise: normalNoise(stream(seed, "refinementLatents"), numbers, shapes),
    });
    return { latents, labels };
  };
  for await (const { first, used, result } of runPortions(count, batch, begin, { signal, onProgress })) {
    const { latents, labels } = result;
    for (const [index, values] of latents.entries()) {
      const size = values.length / batch;
      drawn.stacks[index].set(values.subarray(0, used * size), first * size);
    }
    if (drawn.labels.length > 0) drawn.labels.set(labels.subarray(0, used), first);
  }
  return drawn;
}
