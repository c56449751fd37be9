/** @file Where a model keeps its information: the KL of every latent group, and how many latent dimensions carry any (paper Figure 2). */
import type { numpy as np } from "@jax-js/jax";
import type { Config } from "../../config/index.js";
import type { Images, Pixels } from "../../data/image-set.js";
import { type Operand, type Runtime, spec } from "../../engine/index.js";
import { groups, type ModelParameters } from "../../model/index.js";
import { type AutoEncoderInputs, autoEncode } from "../../objective/auto-encode.js";
import { gaussianKlByDimension } from "../../objective/group-kl.js";
import { informationShares } from "../../objective/information-schedule.js";
import { type Portion, runPortions } from "../batches.js";
import { compileForModel, type ModelProgram } from "../programs/compiled.js";
import { autoEncoderInputs, autoEncoderSpecs, checkModelImages } from "../programs/model-inputs.js";
import type { TrainedModel } from "../trained-model.js";
import { type MeasurementOptions, measuredAtOnce } from "./measurement-options.js";

/** A latent dimension whose mean KL over the images exceeds this is active, nats. */
export const ACTIVE_FROM_NATS = 0.01;

/** How {@link measureInformation} measures. */
export type MeasureInformationOptions = MeasurementOptions;

/** What one latent group carries. */
export interface GroupInformation {
  /** Height and width of the group's latent, pixels. */
  resolution: number;
  /** KL, mean over the images. */
  klNats: number;
  /** Part of all groups' KL that this one and those before it carry, in [0, 1]; 0 where there is none to share. */
  cumulativeShare: number;
  /** The same of the schedule's target shares s_i; null without a schedule. */
  targetCumulativeShare: number | null;
  /**
   * Dimensions of z_i whose KL, averaged over the images, exceeds 0.01 nats. Burda et al. (2016) ask for each unit whether
   * Var_x(E_q[z]) exceeds 0.01, which takes a prior of unit variance; here the prior depends on the groups before, so that a
   * dimension is told by what it costs, whether by its mean or by its variance.
   */
  activeDimensions: number;
  dimensions: number;
}

/** Plain data, as `metrics.json` has it. */
export interface ModelInformation {
  /** Images measured. */
  count: number;
  /** Of an image, mean. */
  klNats: number;
  activeDimensions: number;
  dimensions: number;
  /** Lowest resolution first. */
  groups: GroupInformation[];
}

interface InformationInputs<T> extends AutoEncoderInputs<T> {
  /** 1 for rows that count, 0 for those that fill the batch, [N]. */
  counted: T;
}

type InformationProgram = ModelProgram<InformationInputs<Operand>, Float32Array[]>;

/**
 * Measures what each latent group carries, every latent before it drawn from the posterior.
 *
 * @param images - in memory, or packed on disk and read batch by batch
 * @throws UserError when the images do not fit the model; the signal's reason when aborted
 */
export async function measureInformation(
  { config, parameters }: Pick<TrainedModel, "config" | "parameters">,
  images: Images<Pixels>,
  options: MeasureInformationOptions = {},
): Promise<ModelInformation> {
  checkModelImages(config.model, images);
  const { runtime, seed = 0, signal, onProgress } = options;
  const { count, batch } = measuredAtOnce(options, images);
  const sums = groups(config.model).map(({ shape: [channels, side] }) => new Float64Array(channels * side ** 2));
  await using program = await compileInformation(config, batch, parameters, runtime);
  const begin = ({ indices, used }: Portion) =>
    program.run({
      ...autoEncoderInputs(config.model, images, indices, seed),
      counted: Float32Array.from(indices, (_, row) => (row < used ? 1 : 0)),
    });
  for await (const { result } of runPortions(count, batch, begin, { signal, onProgress, runtime })) {
    for (const [group, values] of result.entries()) {
      for (let i = 0; i < values.length; i++) sums[group][i] += values[i];
    }
  }
  const means = sums.map((sum) => sum.map((nats) => nats / count));
  return summarise(config, count, means);
}

function compileInformation(
  config: Config,
  batch: number,
  weights: TrainedModel["parameters"],
  runtime?: Runtime,
): Promise<InformationProgram> {
  const pass = (parameters: ModelParameters<np.Array>, inputs: InformationInputs<np.Array>) =>
    informationPass(config, parameters, inputs);
  const inputs = { ...autoEncoderSpecs(config, batch), counted: spec([batch]) };
  return compileForModel(pass, { name: "information", config }, weights, inputs, runtime);
}

/** KL of every latent dimension, summed over the images that count: L arrays of [Z, r, r]. Everything is borrowed. */
function informationPass(
  { model }: Pick<Config, "model">,
  parameters: ModelParameters<np.Array>,
  { batch, noise, counted }: InformationInputs<np.Array>,
): np.Array[] {
  const [count] = counted.shape;
  const sums: np.Array[] = [];
  const { output, klNats } = autoEncode(parameters, model, batch, noise, ({ index }, q, p) => {
    const kl = gaussianKlByDimension(q, p); // [N, Z, r, r]
    sums[index] = kl.mul(counted.ref.reshape([count, 1, 1, 1])).sum(0);
  });
  for (const unused of [output, ...klNats]) unused.dispose();
  return sums;
}

/** @param means - mean KL of every dimension over the images, L arrays, nats */
function summarise(config: Config, count: number, means: Float64Array[]): ModelInformation {
  const klNats = means.map((values) => values.reduce((sum, nats) => sum + nats, 0));
  const active = means.map((values) => values.filter((nats) => nats > ACTIVE_FROM_NATS).length);
  const carried = cumulativeShares(klNats);
  const shares = informationShares(config);
  const targets = shares && cumulativeShares(shares);
  const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
  return {
    count,
    klNats: total(klNats),
    activeDimensions: total(active),
    dimensions: total(means.map(({ length }) => length)),
    groups: groups(config.model).map(({ index, resolution }) => ({
      resolution,
      klNats: klNats[index],
      cumulativeShare: carried[index],
      targetCumulativeShare: targets ? targets[index] : null,
      activeDimensions: active[index],
      dimensions: means[index].length,
    })),
  };
}

/** Part of the sum that each value and those before it make up, [0, 1]; 0 when the sum is. */
export function cumulativeShares(values: readonly number[]): number[] {
  const total = values.reduce((sum, value) => sum + value, 0);
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return total > 0 ? sum / total : 0;
  });
}
