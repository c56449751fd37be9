/** @file The top-down pass with latents from the prior, plain or guided, as a pure function and as a program; those of the first groups may be given. */
import { numpy as np } from "@jax-js/jax";
import type { Config } from "../../config/index.js";
import { type DeviceArray, type Operand, type Runtime, type Spec, spec } from "../../engine/index.js";
import type { GuidanceRule } from "../../latents/per-group.js";
import {
  type ChooseLatent,
  draw,
  groups,
  initialState,
  type ModelParameters,
  outputOf,
  topDownFeatures,
} from "../../model/index.js";
import type { ParameterTree } from "../trained-model.js";
import { compileForModel, type ModelProgram } from "./compiled.js";
import { guide } from "./guidance.js";
import { outputNoiseChannels, picture } from "./output.js";

/** One batch of N images to draw. */
export interface PriorInputs<T> {
  /** Standard normal noise of every group, temperature included, [N, Z, r, r]; of groups that are given, their latents. */
  latents: T[];
  /** int32 [N] in models with classes; guided, [2N]: the labels, then as many times "no label". */
  labels?: T;
  /** [N, 3, r, r] with its noise, in super-resolution models. */
  lowResolution?: T;
  /** Noise of the output distribution, where it is drawn from. */
  output?: T;
  /** Guidance weights of every image and group, [N, L] each. */
  weights?: { mean: T; variance: T };
}

export interface PriorOutputs<T> {
  /** [N, 3, R, R], unclipped. */
  images: T;
  /** The decoder's last features, [N, C, R, R], where they were asked for. */
  features?: T;
  /** Values of each image that guidance clamped, [N]; 0 without it. */
  clamped: T;
  /** Latent dimensions of each image in which the guided prior does not exist, [N]; 0 but with the product rule. */
  invalid: T;
}

/** Which of the prior's programs. */
export interface PriorKind {
  /** How groups are guided, and which, [L], at least one; no guidance when absent. */
  guidance?: { rule: GuidanceRule; guided: readonly boolean[] };
  /** A draw from the output distribution instead of its mean. */
  drawn: boolean;
  /** How many of the first groups are given as they are, none of them guided. Default 0. */
  given?: number;
  /** Whether the decoder's last features are wanted too. Default: no. */
  features?: boolean;
}

/**
 * Draws a batch. Guided, two hidden states go through the network as one batch of 2N, with label and without, and one z is
 * drawn for both (paper §3.3); after the last guided group the state without label is dropped.
 *
 * @param parameters - borrowed
 * @param inputs - consumed
 */
export function priorPass(
  { model, objective }: Pick<Config, "model" | "objective">,
  parameters: ModelParameters<np.Array>,
  { latents, labels, lowResolution, output: outputNoise, weights }: PriorInputs<np.Array>,
  { guidance, given = 0, features: wanted = false }: Omit<PriorKind, "drawn"> = {},
): PriorOutputs<np.Array> {
  const count = latents[0].shape[0];
  const twice = (x: np.Array) => np.concatenate([x.ref, x], 0);
  const ofGroups = (weight: np.Array) =>
    np.split(weight, latents.length, 1).map((each) => each.reshape([count, 1, 1, 1]));
  const perGroup = weights && { mean: ofGroups(weights.mean), variance: ofGroups(weights.variance) };
  const last = guidance ? guidance.guided.lastIndexOf(true) : -1;
  let clamped = np.zeros([count]);
  let invalid = np.zeros([count]);
  const chooseLatent: ChooseLatent = ({ index }, prior) => {
    if (index < given) {
      prior.mean.dispose();
      prior.variance.dispose();
      return index < last ? twice(latents[index]) : latents[index];
    }
    if (!guidance || !perGroup || index > last) return draw(prior, latents[index]);
    const [mean, meanWithout] = np.split(prior.mean, 2, 0);
    const [variance, varianceWithout] = np.split(prior.variance, 2, 0);
    if (!guidance.guided[index]) return twice(draw({ mean, variance }, latents[index]));
    const result = guide(
      { mean, variance },
      { mean: meanWithout, variance: varianceWithout },
      { mean: perGroup.mean[index], variance: perGroup.variance[index] },
      guidance.rule,
    );
    clamped = clamped.add(result.clamped);
    invalid = invalid.add(result.invalid);
    const z = draw(result.guided, latents[index]);
    return index === last ? z : twice(z);
  };
  const features = topDownFeatures(parameters, model, {
    initial: initialState(parameters, {
      count: guidance ? 2 * count : count,
      lowResolution: guidance && lowResolution ? twice(lowResolution) : lowResolution,
      labels,
    }),
    labels,
    chooseLatent,
  });
  const output = outputOf(parameters, wanted ? features.ref : features);
  return { images: picture(objective, output, outputNoise), ...(wanted ? { features } : {}), clamped, invalid };
}

/**
 * Compiles the pass for batches of N.
 *
 * @param weights - constants of the program, or where to find the weights on the device at every run
 */
export function compilePriorPass(
  config: Pick<Config, "model" | "objective">,
  batch: number,
  kind: PriorKind,
  weights: ParameterTree | (() => readonly DeviceArray[]),
  runtime?: Runtime,
): Promise<ModelProgram<PriorInputs<Operand>, PriorOutputs<Float32Array>>> {
  const { guidance, drawn, given, features } = kind;
  const { model, objective } = config;
  const all = groups(model);
  const low = model.levels[0].resolution;
  const inputs: PriorInputs<Spec> = {
    latents: all.map(({ shape }) => spec([batch, ...shape])),
    ...(model.classes > 0 ? { labels: spec([guidance ? 2 * batch : batch], "int32") } : {}),
    ...(model.superResolution ? { lowResolution: spec([batch, 3, low, low]) } : {}),
    ...(drawn ? { output: spec([batch, outputNoiseChannels(objective), model.resolution, model.resolution]) } : {}),
    ...(guidance ? { weights: { mean: spec([batch, all.length]), variance: spec([batch, all.length]) } } : {}),
  };
  const pass = (parameters: ModelParameters<np.Array>, batchInputs: PriorInputs<np.Array>) =>
    priorPass(config, parameters, batchInputs, kind);
  return compileForModel(
    pass,
    { name: "prior", config, options: { guidance, given, features } },
    weights,
    inputs,
    runtime,
  );
}
