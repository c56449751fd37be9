/** @file The stochastic layer (paper §2): one latent group, its prior and its posterior, and what it adds to the hidden state. */
import { numpy as np } from "@jax-js/jax";
import { checkpoint } from "../engine/primitives.js";
import type { Group } from "./groups.js";
import { type DiagonalGaussian, smoothVariance, splitGaussian } from "./latent.js";
import { convolutionParameters, convolve } from "./layers.js";
import type { ForeignName, ParameterSpec } from "./parameter.js";
import { type Block, block, blockParameters, residualBlock, residualBlockParameters } from "./residual-block.js";

/** One latent group; `latent` is W_z, the 1×1 convolution, without bias, from z to the hidden state. */
export type StochasticLayer<T> = { prior: Block<T>; posterior: Block<T>; latent: { weight: T }; shared: Block<T> };

/** What decides the parameters of a stochastic layer. */
export interface StochasticLayerShape {
  /** Of the hidden state, and of the latent. */
  channels: number;
  latentChannels: number;
  resolution: number;
  /** Multiplies the initial values of W_z and of the shared block's second convolution. */
  scale: number;
  classes: number;
}

/** Multiplies the initial values of the prior's second convolution, so that every prior starts as N(0, 1). */
const PRIOR_SCALE = 1e-10;

export function stochasticLayerParameters(
  names: ForeignName,
  { channels: c, latentChannels: z, resolution, scale, classes }: StochasticLayerShape,
): StochasticLayer<ParameterSpec> {
  const parts = names.parts({
    prior: "prior_block",
    posterior: "posterior_block",
    latent: "zproj",
    shared: "shared_block",
  });
  const gaussian = { width: c, resolution, classes, regularised: true };
  return {
    prior: blockParameters(parts.prior, { ...gaussian, from: c, to: 2 * z + c, scale: PRIOR_SCALE }),
    posterior: blockParameters(parts.posterior, { ...gaussian, from: 2 * c, to: 2 * z, scale: 1 }),
    latent: { weight: convolutionParameters(parts.latent, { from: z, to: c, kernel: 1, scale }).weight },
    shared: residualBlockParameters(parts.shared, { channels: c, resolution, scale, classes }),
  };
}

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
 * One stochastic layer:
 *
 *     (p(z_i | z_<i), residual) = prior block(h)
 *     h ← shared block( h + W_z z_i + residual )
 *
 * @param hidden - h, [N, C, r, r]; consumed
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
 * The posterior of one group from the hidden state h and the encoder's activations a of its level:
 *
 *     q(z_i | z_<i, x) = posterior block( concat(h, a) )
 *
 * @param hidden - h, [N, C, r, r]; borrowed
 * @param activation - a, [N, C, r, r]; borrowed
 * @param labels - the true labels, int32 [N], in class-conditional models; borrowed
 * @returns [N, Z, r, r] each
 */
export function layerPosterior(
  { posterior }: StochasticLayer<np.Array>,
  hidden: np.Array,
  activation: np.Array,
  labels?: np.Array,
): DiagonalGaussian {
  const input = np.concatenate([hidden.ref, checkpoint(activation.ref)], 1);
  const [mean, raw] = np.split(block(posterior, input, labels), 2, 1);
  return { mean, variance: smoothVariance(raw) };
}
