/** @file The top-down pass with latents of some groups from the posterior of images, the rest from the prior. */
import { numpy as np } from "@jax-js/jax";
import type { Config } from "../../config/index.js";
import { type DeviceArray, type Operand, type Runtime, type Spec, spec } from "../../engine/index.js";
import { draw, encode, groups, initialState, type ModelParameters, posterior, topDown } from "../../model/index.js";
import type { ModelInputs } from "../../objective/auto-encode.js";
import { gaussianKl } from "../../objective/group-kl.js";
import type { ParameterTree } from "../trained-model.js";
import { compileForModel, type ModelProgram } from "./compiled.js";
import { modelInputSpecs } from "./model-inputs.js";
import { outputNoiseChannels, picture } from "./output.js";

/** One batch of N images to reconstruct. */
export interface PosteriorInputs<T> {
  batch: ModelInputs<T>;
  /** Standard normal noise of every group, temperature included, [N, Z, r, r]. */
  latents: T[];
  /** For every group 1 to draw it from the posterior, 0 from the prior, [L]. */
  fromPosterior: T;
  /** Rate that the groups from the posterior may take in all, nats, [N]; infinite for no limit. */
  allottedNats: T;
  /** Noise of the output distribution, where it is drawn from. */
  output?: T;
}

export interface PosteriorOutputs<T> {
  /** [N, 3, R, R], unclipped. */
  images: T;
  /** KL of the groups that came from the posterior, [N], nats. */
  rateNats: T;
}

export type PosteriorProgram = ModelProgram<PosteriorInputs<Operand>, PosteriorOutputs<Float32Array>>;

/**
 * Reconstructs a batch: z_i ~ q(z_i | z_<i, x) or p(z_i | z_<i), group by group as told; from the first group on that would
 * exceed the allotted rate, an image's latents come from the prior (paper §4.2).
 *
 * @param parameters - borrowed
 * @param inputs - consumed
 */
export function posteriorPass(
  { model, objective }: Pick<Config, "model" | "objective">,
  parameters: ModelParameters<np.Array>,
  { batch, latents, fromPosterior, allottedNats, output: outputNoise }: PosteriorInputs<np.Array>,
): PosteriorOutputs<np.Array> {
  const { images, labels, lowResolution } = batch;
  const choices = np.split(fromPosterior, latents.length); // L of [1]
  const count = images.shape[0];
  let within = np.ones([count]); // 1 while every group so far has fitted into the rate
  let spentNats = np.zeros([count]);
  let rateNats = np.zeros([count]);
  const activations = encode(parameters.encoder, model, images, labels);
  const output = topDown(parameters, model, {
    initial: initialState(parameters, { count, lowResolution, labels }),
    labels,
    chooseLatent: (group, p, hidden) => {
      const q = posterior(parameters, group, hidden, activations, labels);
      const rate = gaussianKl(
        { mean: q.mean.ref, variance: q.variance.ref },
        { mean: p.mean.ref, variance: p.variance.ref },
      );
      spentNats = spentNats.add(rate.ref.mul(choices[group.index].ref));
      within = np.where(np.less(allottedNats.ref, spentNats.ref), 0, within);
      const chosen = np.less(0.5, within.ref.mul(choices[group.index])); // [N]
      rateNats = rateNats.add(np.where(chosen.ref, rate, 0));
      const everywhere = chosen.reshape([count, 1, 1, 1]);
      const mean = np.where(everywhere.ref, q.mean, p.mean);
      const variance = np.where(everywhere, q.variance, p.variance);
      return draw({ mean, variance }, latents[group.index]);
    },
  });
  return { images: picture(objective, output, outputNoise), rateNats };
}

/** Compiles the pass for batches of N; arguments as for `compilePriorPass`. */
export function compilePosteriorPass(
  config: Pick<Config, "model" | "objective">,
  batch: number,
  { drawn }: { drawn: boolean },
  weights: ParameterTree | (() => readonly DeviceArray[]),
  runtime?: Runtime,
): Promise<PosteriorProgram> {
  const { model, objective } = config;
  const all = groups(model);
  const inputs: PosteriorInputs<Spec> = {
    batch: modelInputSpecs(model, batch),
    latents: all.map(({ shape }) => spec([batch, ...shape])),
    fromPosterior: spec([all.length]),
    allottedNats: spec([batch]),
    ...(drawn ? { output: spec([batch, outputNoiseChannels(objective), model.resolution, model.resolution]) } : {}),
  };
  const pass = (parameters: ModelParameters<np.Array>, given: PosteriorInputs<np.Array>) =>
    posteriorPass(config, parameters, given);
  return compileForModel(pass, { name: "posterior", config }, weights, inputs, runtime);
}
