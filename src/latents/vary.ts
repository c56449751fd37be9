/** @file Variations of a picture: its first groups kept, the rest drawn afresh. */
import type { ModelConfig } from "../config/index.js";
import { type DrawOptions, drawLatents, type Latents } from "./latents.js";

/**
 * Noise of variations of a picture. Variation `i` of a seed draws the same noise whatever the picture and however many groups
 * are kept, so that rows of variations can be compared.
 *
 * @param latents - of one picture
 * @param groups - that are kept, lowest resolution first
 * @param count - of variations
 * @param temperature - of what is drawn
 * @returns of `count` pictures
 * @throws UserError when the temperature does not fit the model
 */
export function varyLatents(
  model: ModelConfig,
  latents: Latents,
  { groups, count, ...options }: DrawOptions & { groups: number; count: number },
): Latents {
  const variations = Array.from({ length: count }, (_, index) => index);
  const varied = drawLatents(model, "variationLatents", variations, options);
  for (const [group, kept] of latents.slice(0, groups).entries()) {
    for (const index of variations) varied[group].set(kept, index * kept.length);
  }
  return varied;
}
