/** @file The table of output layers: a name of `objective.output` for each. */
import type { numpy as np } from "@jax-js/jax";
import type { ObjectiveConfig, OutputName } from "../config/index.js";
import { gaussianOutput } from "./gaussian-output.js";
import { logisticMixtureOutput } from "./logistic-mixture.js";
import type { OutputLayer } from "./output-layer.js";

/** Every output layer by its name in `objective.output`. */
const outputLayers = {
  gaussian: gaussianOutput,
  "logistic-mixture": logisticMixtureOutput,
} satisfies Record<OutputName, OutputLayer>;

/** The output layer that a configuration names. */
export const outputLayerOf = ({ output }: Pick<ObjectiveConfig, "output">): OutputLayer => outputLayers[output];

/** Channels of the network's last convolution. */
export const outputChannels = (objective: ObjectiveConfig): number => outputLayerOf(objective).channels(objective);

/** Distortion of every image under the configured output layer, [N] nats. Consumes `output` and `images`. */
export const distortion = (output: np.Array, images: np.Array, objective: ObjectiveConfig): np.Array =>
  outputLayerOf(objective).distortion(output, images, objective);

/**
 * −ln p(x|z) of 8-bit images under the configured output layer.
 *
 * @param output - parameters of the output distribution, [N, C, H, W]; consumed
 * @param images - [N, 3, H, W], exact byte levels; consumed
 * @returns [N], nats summed over all D dimensions
 */
export const negativeLogProbability = (output: np.Array, images: np.Array, objective: ObjectiveConfig): np.Array =>
  outputLayerOf(objective).negativeLogProbability(output, images, objective);
