/** @file Pictures told by a few numbers each: which noise they are drawn from, and how. The same in Node and in a browser. */
import type { ModelConfig } from "../config/index.js";
import { slerp } from "./interpolate.js";
import { type Latents, latentsOfSamples, variationsOf } from "./latents.js";
import type { Guidance, GuidanceRule, Temperature } from "./per-group.js";

/** A picture that others come of: a sample by its number, or an encoded image by the name that it was given. */
export type Origin = { seed: number; sample: number } | { image: string };

/**
 * Where a picture's noise comes from.
 *
 * - `origin`: the picture itself
 * - `variation`: number `number` of those that keep the first `keep` groups of a picture, the rest drawn with `seed`
 * - `between`: from one picture to another, 0 at the first and 1 at the second; groups from `groups` on stay the first one's
 */
export type Recipe =
  | { kind: "origin"; origin: Origin }
  | { kind: "variation"; origin: Origin; keep: number; seed: number; number: number }
  | { kind: "between"; from: Origin; to: Origin; position: number; groups: number };

/** All that determines one picture of a model. */
export interface PictureRecipe {
  recipe: Recipe;
  /** Keys what is drawn besides latents, as noise on what is enlarged. Default 0. */
  seed?: number;
  /** A class, or the number of classes for "no label"; left out for models without classes. */
  label?: number;
  guidance?: Guidance;
  guidanceRule?: GuidanceRule;
  /** Guidance weight of the refinement that draws the first groups; left out where the model's prior draws them. */
  refined?: number;
  /** Factor on the noise that is drawn; that of encoded images stays as it is. */
  temperature?: Temperature;
}

/**
 * The noise of one picture.
 *
 * @param images - noise of an encoded image, by its name
 * @throws UserError when the temperature does not fit the model; what `images` throws
 */
export function latentsOfRecipe(
  model: ModelConfig,
  { recipe, temperature }: Pick<PictureRecipe, "recipe" | "temperature">,
  images: (name: string) => Latents,
): Latents {
  const of = (origin: Origin) =>
    "image" in origin
      ? images(origin.image)
      : latentsOfSamples(model, [origin.sample], { seed: origin.seed, temperature });
  if (recipe.kind === "origin") return of(recipe.origin);
  if (recipe.kind === "variation") {
    const { origin, keep: groups, seed, number } = recipe;
    return variationsOf(model, of(origin), { groups, numbers: [number], seed, temperature });
  }
  const { position, groups } = recipe;
  const to = of(recipe.to);
  return of(recipe.from).map((noise, group) => (group < groups ? slerp(noise, to[group], position) : noise));
}

/** The number of the sample that a picture is made of, 0 for an image: what is drawn besides latents is keyed by it. */
export function sampleOf(recipe: Recipe): number {
  const first = recipe.kind === "between" ? recipe.from : recipe.origin;
  return "image" in first ? 0 : first.sample;
}

/** Indices of the pictures that one call of a sampler can draw. */
export function drawnTogether(pictures: readonly PictureRecipe[]): number[][] {
  const calls = new Map<string, number[]>();
  for (const [index, { seed, guidanceRule, temperature, refined }] of pictures.entries()) {
    const key = JSON.stringify([seed, guidanceRule, temperature, refined !== undefined]);
    calls.set(key, [...(calls.get(key) ?? []), index]);
  }
  return [...calls.values()];
}
