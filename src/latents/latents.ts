/** @file The noise that determines a picture: that of samples from their seed, and that of variations of a picture. */
import type { ModelConfig } from "../config/index.js";
import { groups } from "../model/groups.js";
import type { StreamName } from "../random/index.js";
import { normalNoise, scale, stream } from "./noise.js";
import { type Temperature, temperatures } from "./per-group.js";

/**
 * Noise of every group, group 0 first, [N, Z, r, r] each: standard normal times a temperature. Under a label it determines N
 * pictures, by z_i = μ_i + σ_i ε_i with the prior p(z_i | z_<i).
 */
export type Latents = Float32Array[];

/** How the noise of pictures is drawn. */
export interface DrawOptions {
  /** Default 0. */
  seed?: number;
  /** Factor on the noise. Default 1. */
  temperature?: Temperature;
}

/**
 * The noise of samples by their number: of the pictures that `Sampler.sample` draws with this seed and temperature. In a
 * cascade the second model's is independent of the first one's.
 *
 * @throws UserError when the temperature does not fit the model
 */
export const latentsOfSamples = (model: ModelConfig, samples: readonly number[], options: DrawOptions = {}): Latents =>
  drawLatents(model, model.superResolution ? "enlargingLatents" : "sampleLatents", samples, options);

/** Noise of pictures of a stream, by their number. */
function drawLatents(
  model: ModelConfig,
  purpose: StreamName,
  numbers: readonly number[],
  { seed = 0, temperature = 1 }: DrawOptions,
): Latents {
  const all = groups(model);
  const factors = temperatures(temperature, all);
  const shapes = all.map(({ shape }) => shape);
  const latents = normalNoise(stream(seed, purpose), numbers, shapes);
  for (const [group, noise] of latents.entries()) scale(noise, factors[group]);
  return latents;
}

/** Noise of one picture of several. */
export const latentsAt = (latents: Latents, index: number, count: number): Latents =>
  latents.map((noise) => {
    const size = noise.length / count;
    return noise.slice(index * size, (index + 1) * size);
  });

/** Noise of the pictures of all parts, one after another. */
export const concatenateLatents = (parts: readonly Latents[]): Latents =>
  parts[0].map((_, group) => {
    const whole = new Float32Array(parts.reduce((length, part) => length + part[group].length, 0));
    let offset = 0;
    for (const part of parts) {
      whole.set(part[group], offset);
      offset += part[group].length;
    }
    return whole;
  });

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
  const numbers = Array.from({ length: count }, (_, index) => index);
  return variationsOf(model, latents, { ...options, groups, numbers });
}

/** Variations of a picture by their numbers; see {@link varyLatents}. */
export function variationsOf(
  model: ModelConfig,
  latents: Latents,
  { groups, numbers, ...options }: DrawOptions & { groups: number; numbers: readonly number[] },
): Latents {
  const varied = drawLatents(model, "variationLatents", numbers, options);
  for (const [group, kept] of latents.slice(0, groups).entries()) {
    for (const index of numbers.keys()) varied[group].set(kept, index * kept.length);
  }
  return varied;
}
