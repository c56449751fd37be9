/** @file The noise of latents as programs take it: drawn by the host, or keys with which the device draws it. */
import type { numpy as np } from "@jax-js/jax";
import type { ModelConfig } from "../../config/index.js";
import { type DeviceTraits, type Spec, spec } from "../../engine/index.js";
import { foldIn, normal } from "../../engine/random.js";
import type { LatentNoise } from "../../latents/noise.js";
import { groups } from "../../model/index.js";

/** Shapes of the noise of N images. */
export const latentNoiseSpecs = (
  model: ModelConfig,
  n: number,
  { drawsNoise }: Pick<DeviceTraits, "drawsNoise">,
): LatentNoise<Spec> =>
  drawsNoise ? { imageKeys: spec([n, 2], "int32") } : groups(model).map(({ shape }) => spec([n, ...shape]));

/**
 * Standard normal noise of every group, [N, Z, r, r], group 0 first: that which is given, or, by keys, that which
 * `normalNoise` draws on the host, to float32 rounding. Consumes what it is given.
 */
export function latentNoise(model: ModelConfig, noise: LatentNoise<np.Array>): np.Array[] {
  if (!("imageKeys" in noise)) return noise;
  const drawn = groups(model).map(({ index, shape }) => normal(foldIn(noise.imageKeys, index), shape));
  noise.imageKeys.dispose();
  return drawn;
}
