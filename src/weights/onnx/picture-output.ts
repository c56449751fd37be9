/** @file The picture that exported models give, and the noise that it takes where it is drawn. */
import { numpy as np } from "@jax-js/jax";
import type { Config } from "../../config/index.js";
import { outputNoiseChannels, shownAs } from "../../inference/programs/output.js";
import { float, type Ports } from "./ports.js";

/** Noise of the output distribution, in models whose pictures are drawn from it. */
export function outputNoisePort({ model: { resolution }, objective }: Pick<Config, "model" | "objective">): Ports {
  if (shownAs(objective, "mean") === "mean") return {};
  const shape = ["N", outputNoiseChannels(objective), resolution, resolution] as const;
  return { output_noise: float(shape, "uniform noise in (0, 1) for the colour of each pixel") };
}

/** A network's picture within the range that images have; consumes it. */
export const inRange = (images: np.Array): np.Array => np.clip(images, -1, 1);
