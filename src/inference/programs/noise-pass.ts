/** @file The top-down pass over images that tells which noise the prior would have drawn them with, and what they cost. */
import type { numpy as np } from "@jax-js/jax";
import type { Config } from "../../config/index.js";
import { type Operand, type Runtime, type Spec, spec } from "../../engine/index.js";
import {
  draw,
  encode,
  groups,
  initialState,
  type ModelParameters,
  noiseOf,
  posterior,
  topDown,
} from "../../model/index.js";
import type { ModelInputs } from "../../objective/auto-encode.js";
import { gaussianKl } from "../../objective/group-kl.js";
import type { ParameterTree } from "../trained-model.js";
import { compileForModel, type ModelProgram } from "./compiled.js";
import { modelInputSpecs } from "./model-inputs.js";

/** One batch of N images to encode with a base model. */
export interface NoiseInputs<T> {
  batch: ModelInputs<T>;
  /** Standard normal noise of every group's posterior, [N, Z, r, r]. */
  posteriorNoise: T[];
}

/** What a batch of N images takes. */
export interface NoiseOutputs<T> {
  /** Of every group, [N, Z, r, r]. */
  noise: T[];
  /** KL of every group's posterior from its prior, [N] each, nats. */
  groupKlNats: T[];
}

/**
 * ε_i = (z_i − μ_i) / σ_i with z_i ~ q(z_i | z_<i, x) and the prior p(z_i | z_<i) = N(μ_i, σ_i²), group by group.
 *
 * @param parameters - borrowed
 * @param inputs - consumed
 */
function noisePass(
  { model }: Pick<Config, "model">,
  parameters: ModelParameters<np.Array>,
  { batch: { images, labels }, posteriorNoise }: NoiseInputs<np.Array>,
): NoiseOutputs<np.Array> {
  const count = images.shape[0];
  const noise: np.Array[] = [];
  const groupKlNats: np.Array[] = [];
  const activations = encode(parameters.encoder, model, images, labels);
  topDown(parameters, model, {
    initial: initialState(parameters, { count, labels }),
    labels,
    chooseLatent: (group, prior, hidden) => {
      const q = posterior(parameters, group, hidden, activations, labels);
      groupKlNats[group.index] = gaussianKl(
        { mean: q.mean.ref, variance: q.variance.ref },
        { mean: prior.mean.ref, variance: prior.variance.ref },
      );
      const z = draw(q, posteriorNoise[group.index]);
      noise[group.index] = noiseOf(prior, z.ref);
      return z;
    },
  }).dispose();
  return { noise, groupKlNats };
}

/** Compiles the pass for batches of N. */
export function compileNoisePass(
  config: Pick<Config, "model" | "objective">,
  batch: number,
  weights: ParameterTree,
  runtime?: Runtime,
): Promise<ModelProgram<NoiseInputs<Operand>, NoiseOutputs<Float32Array>>> {
  const inputs: NoiseInputs<Spec> = {
    batch: modelInputSpecs(config.model, batch),
    posteriorNoise: groups(config.model).map(({ shape }) => spec([batch, ...shape])),
  };
  const pass = (parameters: ModelParameters<np.Array>, given: NoiseInputs<np.Array>) =>
    noisePass(config, parameters, given);
  return compileForModel(pass, { name: "noise", config }, weights, inputs, runtime);
}
