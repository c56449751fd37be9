/** @file The latent groups of a model, in the order in which the generator draws them. */
import type { ModelConfig } from "../config/index.js";

/** One stochastic layer's latent variable. */
export interface Group {
  /** 0 is the first drawn, at the lowest resolution. */
  index: number;
  /** Index of its level in the configuration, and of its layer within the level. */
  level: number;
  layer: number;
  /** Height and width, pixels. */
  resolution: number;
  /** Latent channels. */
  channels: number;
  /** Shape of one image's latent: [channels, resolution, resolution]. */
  shape: [number, number, number];
}

/** All latent groups, lowest resolution first. */
export function groups({ levels, latentChannels: channels }: ModelConfig): Group[] {
  return levels
    .flatMap(({ resolution, stochasticLayers }, level) =>
      Array.from({ length: stochasticLayers }, (_, layer) => ({ level, layer, resolution })),
    )
    .map(({ level, layer, resolution }, index) => {
      return { index, level, layer, resolution, channels, shape: [channels, resolution, resolution] };
    });
}
