/** @file Variations of a picture: its first groups kept, the rest drawn anew. */
import type { ModelConfig } from "../config/index.js";
import { groups as groupsOf } from "../model/index.js";
import type { Latents } from "./latents.js";
import { normalNoise, stream } from "./noise.js";

/**
 * Noise of variations of a picture. Variation `i` of a seed draws the same noise whatever the picture and however many groups
 * are kept, so that rows of variations can be compared.
 *
 * @param latents - of one picture
 * @param groups - that are kept, lowest resolution first
 * @param count - of variations
 * @returns of `count` pictures
 */
export function resample(
  model: ModelConfig,
  latents: Latents,
  { groups, count, seed = 0 }: { groups: number; count: number; seed?: number },
): Latents {
  const variations = Array.from({ length: count }, (_, index) => index);
  const shapes = groupsOf(model).map(({ shape }) => shape);
  const drawn = normalNoise(stream(seed, "variationLatents"), variations, shapes);
  return drawn.map((noise, group) => {
    if (group < groups) for (const index of variations) noise.set(latents[group], index * latents[group].length);
    return noise;
  });
}
