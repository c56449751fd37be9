/** @file Reconstructions: latents of the first groups from the posterior, the rest from the prior; and how a picture forms so. */
import type { Config } from "../../config/index.js";
import type { Images } from "../../data/image-set.js";
import { UserError } from "../../errors.js";
import { normalNoise, scale, stream } from "../../latents/noise.js";
import { groups } from "../../model/index.js";
import { type Portion, runPortions } from "../batches.js";
import { type BatchedOptions, DEFAULT_BATCH } from "../execution-options.js";
import { toBytes } from "../pictures.js";
import { checkModelImages, modelInputs } from "../programs/model-inputs.js";
import { outputNoise, shownAs } from "../programs/output.js";
import { compilePosteriorPass, type PosteriorProgram } from "../programs/posterior-pass.js";
import type { TrainedModel } from "../trained-model.js";
import { Sampler } from "./sampler.js";

/** How {@link reconstruct} draws images again. */
export interface ReconstructOptions extends BatchedOptions {
  /** Groups taken from the posterior, lowest resolution first. Default: all. */
  groups?: number;
  /** Most that those groups may cost an image, bits per dimension: from the first that exceeds it, the prior. Default: no limit. */
  rateBitsPerDim?: number;
  /** Factor on the standard deviation of the groups taken from the prior; 0 takes the prior's mean. Default 1. */
  priorTemperature?: number;
  /** Image `i` of a seed is reconstructed the same whatever it is batched with. Default 0. */
  seed?: number;
  onProgress?: (done: number, count: number) => void;
}

/**
 * Encodes images and decodes them again, with a posterior sample for each group (paper Figure 8), or for the first
 * `groups` only, or as many as a rate allows (§4.2). The predicted mean is shown; of a mixture of logistics, a draw.
 *
 * @throws UserError when images or labels do not fit the model, or `groups` is out of range
 * @throws the signal's reason when aborted
 */
export async function reconstruct(
  model: TrainedModel,
  images: Images,
  options: ReconstructOptions = {},
): Promise<Images> {
  const [pictures] = await reconstructStages(
    model,
    images,
    [options.groups ?? groups(model.config.model).length],
    options,
  );
  return pictures;
}

/** Reconstructions from the first K groups, for each K of `stages`, with one compiled program. */
export async function reconstructStages(
  { config, parameters }: TrainedModel,
  images: Images,
  stages: readonly number[],
  options: Omit<ReconstructOptions, "groups">,
): Promise<Images[]> {
  checkModelImages(config.model, images);
  const groupCount = groups(config.model).length;
  const bad = stages.find((stage) => !Number.isInteger(stage) || stage < 0 || stage > groupCount);
  if (bad !== undefined)
    throw new UserError("out-of-range", `Expected from 0 to ${groupCount} latent groups, got ${bad}.`);
  const { batch = Math.min(DEFAULT_BATCH, images.count), runtime, signal, onProgress } = options;
  const drawn = shownAs(config.objective, "mean") === "sample";
  await using program = await compilePosteriorPass(config, batch, { drawn }, parameters, runtime);
  const results: Images[] = [];
  for (const [index, stage] of stages.entries()) {
    const report = (done: number) => onProgress?.(index * images.count + done, stages.length * images.count);
    results.push(await runStage(program, config, images, stage, { ...options, batch, signal, onProgress: report }));
  }
  return results;
}

async function runStage(
  program: PosteriorProgram,
  config: Config,
  pictures: Images,
  stage: number,
  options: Omit<ReconstructOptions, "groups"> & { batch: number },
): Promise<Images> {
  const {
    batch,
    seed = 0,
    priorTemperature = 1,
    rateBitsPerDim = Number.POSITIVE_INFINITY,
    signal,
    onProgress,
  } = options;
  const { model, objective } = config;
  const { count, resolution } = pictures;
  const shapes = groups(model).map(({ shape }) => shape);
  const fromPosterior = Float32Array.from(shapes, (_, group) => (group < stage ? 1 : 0));
  const drawn = shownAs(objective, "mean") === "sample";
  const size = 3 * resolution ** 2;
  const images = new Uint8Array(count * size);
  const begin = ({ indices }: Portion) => {
    const latents = normalNoise(stream(seed, "posteriorLatents"), indices, shapes);
    for (const noise of latents.slice(stage)) scale(noise, priorTemperature);
    return program.run({
      batch: modelInputs(model, pictures, indices, seed),
      latents,
      fromPosterior,
      allottedNats: new Float32Array(batch).fill(rateBitsPerDim * size * Math.LN2),
      ...(drawn ? { output: outputNoise(objective, stream(seed, "sampleOutput"), indices, resolution) } : {}),
    });
  };
  for await (const { first, used, result } of runPortions(count, batch, begin, { signal, onProgress })) {
    toBytes(result.images.subarray(0, used * size), images, first * size);
  }
  return { images, count, resolution };
}

/** How {@link drawFormation} draws: seed, temperature, stages. */
export interface DrawFormationOptions extends Omit<ReconstructOptions, "groups" | "priorTemperature"> {
  /** How many groups are drawn at each stage. Default: 1, 2, … L. */
  stages?: readonly number[];
}

/**
 * The picture after the first K groups, all others at the prior's mean.
 *
 * @param from - images whose posterior gives the first K groups, or how many new images to draw from the prior
 * @returns one set of pictures for each of `stages`
 * @throws UserError when images do not fit the model, or a stage is out of range; the signal's reason when aborted
 */
export async function drawFormation(
  model: TrainedModel,
  from: Images | number,
  options: DrawFormationOptions = {},
): Promise<Images[]> {
  const all = groups(model.config.model);
  const stages = options.stages ?? all.map(({ index }) => index + 1);
  if (typeof from !== "number") return reconstructStages(model, from, stages, { ...options, priorTemperature: 0 });
  const { batch = Math.min(DEFAULT_BATCH, from), runtime, seed, signal, onProgress } = options;
  await using sampler = new Sampler(model, { batch, runtime });
  const results: Images[] = [];
  for (const [index, stage] of stages.entries()) {
    const temperature = all.map((group) => (group.index < stage ? 1 : 0));
    const report = (done: number) => onProgress?.(index * from + done, stages.length * from);
    results.push(await sampler.sample({ count: from, seed, temperature, signal, onProgress: report }));
  }
  return results;
}
