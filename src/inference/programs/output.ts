/** @file From the output distribution's parameters to the picture that is shown (paper Table 1: its mean; in brackets, a draw). */
import type { numpy as np } from "@jax-js/jax";
import type { ObjectiveConfig } from "../../config/index.js";
import { normalNoise, uniformNoise } from "../../latents/noise.js";
import { gaussianMean, gaussianSample } from "../../objective/gaussian-output.js";
import { logisticMixtureMean, logisticMixtureSample } from "../../objective/logistic-mixture.js";
import type { Key } from "../../random/index.js";

/** The predicted mean, or a draw from the distribution. */
export type OutputKind = "mean" | "sample";

/** What is shown of a model: a mixture of logistics always by a draw, since the mean of its modes is no picture. */
export const shownAs = ({ output }: ObjectiveConfig, asked: OutputKind): OutputKind =>
  output === "logistic-mixture" ? "sample" : asked;

/** Channels of the noise that a draw needs, for each pixel. */
export const outputNoiseChannels = ({ output }: ObjectiveConfig): number => (output === "gaussian" ? 3 : 4);

/** Noise for draws: standard normal for a Gaussian output, uniform for a mixture; [N, channels, R, R]. */
export function outputNoise(
  objective: ObjectiveConfig,
  key: Key,
  images: readonly number[],
  resolution: number,
): Float32Array {
  const shape = [outputNoiseChannels(objective), resolution, resolution];
  if (objective.output === "gaussian") return normalNoise(key, images, [shape])[0];
  return uniformNoise(key, images, shape[0] * resolution ** 2);
}

/**
 * A picture in [-1, 1], unclipped, from the network's output.
 *
 * @param output - parameters of the output distribution, [N, C, H, W]; consumed
 * @param noise - of `outputNoise`, for a draw; without it the mean; consumed
 * @returns [N, 3, H, W]
 */
export function picture({ output: kind }: ObjectiveConfig, output: np.Array, noise?: np.Array): np.Array {
  if (kind === "gaussian") return noise ? gaussianSample(output, noise) : gaussianMean(output);
  return noise ? logisticMixtureSample(output, noise) : logisticMixtureMean(output);
}
