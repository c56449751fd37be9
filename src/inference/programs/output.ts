/** @file From the output distribution's parameters to the picture that is shown (paper Table 1: its mean; in brackets, a draw). */
import type { numpy as np } from "@jax-js/jax";
import type { ObjectiveConfig } from "../../config/index.js";
import { normalNoise, uniformNoise } from "../../latents/noise.js";
import { outputLayerOf } from "../../objective/output-layers.js";
import type { Key } from "../../random/index.js";

/** The predicted mean, or a draw from the distribution. */
export type OutputKind = "mean" | "sample";

/** What is shown of a model: some output layers always by a draw, since the mean of their modes is no picture. */
export const shownAs = (objective: ObjectiveConfig, asked: OutputKind): OutputKind =>
  outputLayerOf(objective).shown === "draw" ? "sample" : asked;

/** Channels of the noise that a draw needs, for each pixel. */
export const outputNoiseChannels = (objective: ObjectiveConfig): number => outputLayerOf(objective).noise.channels;

/** Noise for draws, of the kind that the output layer asks for; [N, channels, R, R]. */
export function outputNoise(
  objective: ObjectiveConfig,
  key: Key,
  images: readonly number[],
  resolution: number,
): Float32Array {
  const { kind, channels } = outputLayerOf(objective).noise;
  const shape = [channels, resolution, resolution];
  if (kind === "normal") return normalNoise(key, images, [shape])[0];
  return uniformNoise(key, images, shape[0] * resolution ** 2);
}

/**
 * A picture in [-1, 1], unclipped, from the network's output.
 *
 * @param output - parameters of the output distribution, [N, C, H, W]; consumed
 * @param noise - of `outputNoise`, for a draw; without it the mean; consumed
 * @returns [N, 3, H, W]
 */
export function picture(objective: ObjectiveConfig, output: np.Array, noise?: np.Array): np.Array {
  const layer = outputLayerOf(objective);
  return noise ? layer.draw(output, noise, objective) : layer.mean(output, objective);
}
