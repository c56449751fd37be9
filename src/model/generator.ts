/** @file The generator: one top-down pass that serves training, sampling, guidance and partial reconstruction. */
import { numpy as np } from "@jax-js/jax";
import type { ModelConfig } from "../config/index.js";
import { checkpoint } from "../engine/primitives.js";
import { attention } from "./attention.js";
import { attentionPlaces } from "./attention-places.js";
import { type Group, groups } from "./groups.js";
import { type DiagonalGaussian, smoothVariance, splitGaussian } from "./latent.js";
import { convolve, convolveAffine, upsampleNearest } from "./layers.js";
import type { ModelParameters, StochasticLayer } from "./parameters.js";
import { block, residualBlock } from "./residual-block.js";

/**
 * Decides a group's latent: from the posterior in training, from the prior in sampling, from a guided prior over the two
 * halves of a batch in guidance.
 *
 * @param group - which latent
 * @param prior - p(z_i | z_<i), [N, Z, r, r] each; owned by the callee
 * @param hidden - the state that the prior was computed from, [N, C, r, r]; borrowed
 * @returns z, [N, Z, r, r]; owned by the caller. With fewer rows than `hidden`, the pass goes on with that many first images:
 *   in guidance the state without label is dropped when it has served
 */
export type ChooseLatent = (group: Group, prior: DiagonalGaussian, hidden: np.Array) => np.Array;

/**
 * One stochastic layer: h ← shared(h + W_z z + residual), with (prior, residual) from the prior block. Consumes hidden.
 *
 * @param labels - int32 [N] or more, of which the first N are used; borrowed
 * @returns the new hidden state, [M, C, r, r], for the M images that a latent was chosen for
 */
export function stochasticLayer(
  { prior: priorBlock, latent, shared }: StochasticLayer<np.Array>,
  group: Group,
  hidden: np.Array,
  labels: np.Array | undefined,
  chooseLatent: ChooseLatent,
): np.Array {
  const before = checkpoint(hidden);
  const raw = block(priorBlock, before.ref, labels && firstRows(labels.ref, before.shape[0]));
  const { gaussian: prior, rest: residual } = splitGaussian(raw, group.channels);
  const z = chooseLatent(group, prior, before);
  const [count] = z.shape;
  const after = firstRows(before, count).add(convolve(latent.weight, z)).add(firstRows(residual, count));
  return residualBlock(shared, after, labels && firstRows(labels.ref, count));
}

/** The first `count` images of a batch, [N, …] → [count, …]; consumes x. */
function firstRows(x: np.Array, count: number): np.Array {
  return x.shape[0] === count ? x : np.split(x, [count], 0)[0];
}

/**
 * The posterior q(z_i | z_<i, x) of one group.
 *
 * @param hidden - the generator's state before the group, [N, C, r, r]; borrowed
 * @param activations - of all levels, from `encode`; borrowed
 * @param labels - the true labels, int32 [N], in class-conditional models; borrowed
 * @returns [N, Z, r, r] each
 */
export function posterior(
  parameters: ModelParameters<np.Array>,
  group: Group,
  hidden: np.Array,
  activations: np.Array[],
  labels?: np.Array,
): DiagonalGaussian {
  const input = np.concatenate([hidden.ref, checkpoint(activations[group.level].ref)], 1);
  const [mean, raw] = np.split(
    block(parameters.generator.levels[group.level].layers[group.layer].posterior, input, labels),
    2,
    1,
  );
  return { mean, variance: smoothVariance(raw) };
}

/** The learned state from which every image of a base model starts, [N, C, r, r]. */
export function learnedInitialState({ generator: { initial } }: ModelParameters<np.Array>, count: number): np.Array {
  if (!initial) {
    throw new Error(
      "expected a base model, got a super-resolution model; its initial state comes from the U-Net over an image",
    );
  }
  const [, channels, height, width] = initial.shape;
  return np.broadcastTo(initial.ref, [count, channels, height, width]);
}

/** The last blocks and the projection to the output distribution's parameters: [N, C, H, W] → [N, outC, H, W]. Consumes hidden. */
function outputLayers({ finalBlocks, output }: ModelParameters<np.Array>["generator"], hidden: np.Array): np.Array {
  return convolveAffine(
    output,
    finalBlocks.reduce((x, parameters) => residualBlock(parameters, x), hidden),
  );
}

/**
 * The top-down pass: every latent group in turn, attention and upsampling, then the output layers.
 *
 * @param parameters - borrowed
 * @param initial - hidden state to start from, [N, C, r, r] at the lowest level's resolution; consumed
 * @param labels - what prior and shared blocks see, int32 [N], `classes` meaning no label; borrowed
 * @param chooseLatent - called once a group, in order
 * @returns the output distribution's parameters, [N, outC, H, W]
 */
export function topDown(
  parameters: ModelParameters<np.Array>,
  model: ModelConfig,
  { initial, labels, chooseLatent }: { initial: np.Array; labels?: np.Array; chooseLatent: ChooseLatent },
): np.Array {
  const all = groups(model);
  let hidden = initial;
  for (const [index, { resolution, stochasticLayers, attention: count }] of model.levels.entries()) {
    const level = parameters.generator.levels[index];
    const places = attentionPlaces(stochasticLayers, count).generator;
    for (const group of all.filter((candidate) => candidate.level === index)) {
      hidden = stochasticLayer(level.layers[group.layer], group, hidden, labels, chooseLatent);
      const place = places.indexOf(group.layer);
      if (place >= 0) hidden = attention(level.attention![place], hidden);
    }
    const above = model.levels[index + 1];
    if (above) hidden = upsampleNearest(hidden, above.resolution / resolution);
    if (level.up) hidden = convolveAffine(level.up, hidden);
  }
  return outputLayers(parameters.generator, hidden);
}
