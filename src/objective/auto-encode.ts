/** @file An image to its latents and back: every latent from the posterior, and what each group costs (paper §2). */
import type { numpy as np } from "@jax-js/jax";
import type { ModelConfig } from "../config/index.js";
import {
  encode,
  type Group,
  initialState,
  type ModelParameters,
  outputOf,
  posterior,
  topDownFeatures,
} from "../model/index.js";
import { type DiagonalGaussian, draw } from "../model/latent.js";
import { gaussianKl } from "./group-kl.js";

/** What the network takes for a batch of N images: arrays, or whatever stands for them. */
export type ModelInputs<T = np.Array> = {
  /** [N, 3, H, W] in [-1, 1]. */
  images: T;
  /** True labels, int32 [N], in class-conditional models: what encoder and posterior see. */
  labels?: T;
  /** Labels with some replaced by `classes`, "no label": what prior, shared blocks and U-Net see. Default: the true ones. */
  droppedLabels?: T;
  /** [N, 3, r, r] with its noise already added, in super-resolution models. */
  lowResolution?: T;
};

/** A batch, and the noise that draws its latents from the posterior. */
export type AutoEncoderInputs<T = np.Array> = {
  batch: ModelInputs<T>;
  /** Standard normal, one [N, Z, r, r] a group, group 0 first. */
  noise: T[];
};

/** Called with the posterior and the prior of every group in turn, [N, Z, r, r] each; owned by the callee. */
export type ObserveGroup = (group: Group, q: DiagonalGaussian, p: DiagonalGaussian) => void;

/**
 * Encodes a batch and decodes it again, z_i ~ q(z_i | z_<i, x) in every group.
 *
 * @param parameters - borrowed
 * @param batch - borrowed
 * @param noise - standard normal, one [N, Z, r, r] a group, group 0 first; borrowed
 * @param observe - for what is to be measured of the groups besides their rate
 * @returns the output distribution's parameters, [N, outC, H, W], and K_i of every group, L arrays of [N] nats
 */
export function autoEncode(
  parameters: ModelParameters<np.Array>,
  model: ModelConfig,
  batch: ModelInputs,
  noise: np.Array[],
  observe?: ObserveGroup,
): { output: np.Array; klNats: np.Array[] } {
  const { features, klNats } = autoEncodeFeatures(parameters, model, batch, noise, observe);
  return { output: outputOf(parameters, features), klNats };
}

/**
 * The same up to the decoder's last convolution.
 *
 * @returns what the output distribution's parameters follow from, [N, C, H, W], and K_i
 */
export function autoEncodeFeatures(
  parameters: ModelParameters<np.Array>,
  model: ModelConfig,
  { images, labels, droppedLabels = labels, lowResolution }: ModelInputs,
  noise: np.Array[],
  observe?: ObserveGroup,
): { features: np.Array; klNats: np.Array[] } {
  const activations = encode(parameters.encoder, model, images.ref, labels);
  const klNats: np.Array[] = [];
  const features = topDownFeatures(parameters, model, {
    initial: initialState(parameters, {
      count: images.shape[0],
      lowResolution: lowResolution?.ref,
      labels: droppedLabels,
    }),
    labels: droppedLabels,
    chooseLatent: (group, prior, hidden) => {
      const q = posterior(parameters, group, hidden, activations, labels);
      observe?.(group, shared(q), shared(prior));
      klNats[group.index] = gaussianKl(shared(q), prior);
      return draw(q, noise[group.index].ref);
    },
  });
  return { features, klNats };
}

/** A second owner of the same arrays. */
function shared({ mean, variance }: DiagonalGaussian): DiagonalGaussian {
  return { mean: mean.ref, variance: variance.ref };
}
