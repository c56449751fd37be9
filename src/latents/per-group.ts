/** @file Settings of every latent group, from what the user gives: one for all, or one by resolution. */
import type { ModelConfig } from "../config/index.js";
import { UserError } from "../errors.js";
import { type Group, groups } from "../model/groups.js";

/**
 * The setting of every group, [L]; undefined for those of resolutions that are not named.
 *
 * @param what - is set, for the message
 * @throws UserError when a resolution has no group
 */
function byGroup<T extends { resolution: number }>(
  settings: readonly T[],
  groups: readonly Pick<Group, "resolution">[],
  what: string,
): (T | undefined)[] {
  const resolutions = groups.map(({ resolution }) => resolution);
  const unknown = settings.find(({ resolution }) => !resolutions.includes(resolution));
  if (unknown) {
    const known = [...new Set(resolutions)].join(", ");
    throw new UserError("out-of-range", `${what}: expected a resolution among ${known}, got ${unknown.resolution}.`);
  }
  return resolutions.map((wanted) => settings.find(({ resolution }) => resolution === wanted));
}

/**
 * A factor on the standard deviation of the latents: one for all groups, one for each group, or one for the groups of each
 * resolution named (1 for the others). 0 takes the prior's mean.
 */
export type Temperature = number | readonly number[] | readonly { resolution: number; temperature: number }[];

/**
 * The temperature of every group, [L].
 *
 * @throws UserError when one is negative or not finite, they are not as many as the groups, or a resolution has no group
 */
export function temperatures(temperature: Temperature, groups: readonly Group[]): number[] {
  const perGroup = expand(temperature, groups);
  const bad = perGroup.find((value) => !(value >= 0 && Number.isFinite(value)));
  if (bad !== undefined) throw new UserError("out-of-range", `Expected a temperature of 0 or more, got ${bad}.`);
  if (perGroup.length !== groups.length) {
    throw new UserError(
      "wrong-shape",
      `Expected one temperature for each of ${groups.length} latent groups, got ${perGroup.length}.`,
    );
  }
  return perGroup;
}

function expand(temperature: Temperature, groups: readonly Group[]): number[] {
  if (typeof temperature === "number") return groups.map(() => temperature);
  const given = [...temperature];
  const perGroup = given.filter((value) => typeof value === "number");
  if (perGroup.length === given.length) return perGroup;
  const pairs = given.filter((value) => typeof value !== "number");
  return byGroup(pairs, groups, "Temperature").map((pair) => pair?.temperature ?? 1);
}

/**
 * Guidance weights (w_μ, w_σ): one pair for all groups, or a pair per resolution (groups of resolutions not named are
 * unguided). Zero is plain conditional sampling.
 */
export type Guidance = { mean: number; variance: number } | { resolution: number; mean: number; variance: number }[];

/**
 * How the prior with label and the prior without it make the guided one: `extrapolate` their means and log-variances (paper
 * eq. 6), or take the `product` of their densities (Appendix C).
 */
export type GuidanceRule = "extrapolate" | "product";

/** Guidance weights of every group, [L] each. */
export interface GuidanceWeights {
  mean: Float32Array;
  variance: Float32Array;
}

/** The same weights for each of N images, [N, L] each, as a batch takes them. */
export const guidanceOfImages = ({ mean, variance }: GuidanceWeights, count: number): GuidanceWeights => ({
  mean: repeated(mean, count),
  variance: repeated(variance, count),
});

function repeated(row: Float32Array, count: number): Float32Array {
  const all = new Float32Array(count * row.length);
  for (let image = 0; image < count; image++) all.set(row, image * row.length);
  return all;
}

/** Which groups are guided: those with a weight that is not 0, [L]. */
export const guidedGroups = ({ mean, variance }: GuidanceWeights): boolean[] =>
  Array.from(mean, (weight, group) => weight !== 0 || variance[group] !== 0);

/** Larger weights say no more: what they extrapolate is clamped. */
const LARGEST_WEIGHT = 1e6;

/**
 * Weights of every group, from what the user gave.
 *
 * @throws UserError when the model has no classes, a resolution names no group, a weight is not finite or beyond a million, or
 *   the product, which has one weight, is given two
 */
export function guidanceWeights(
  guidance: Guidance,
  model: ModelConfig,
  rule: GuidanceRule = "extrapolate",
): GuidanceWeights {
  if (model.classes === 0) {
    throw new UserError(
      "missing-classes",
      "Guidance needs a model with classes: it moves away from the prior without label. This model has none; sample without guidance.",
    );
  }
  const all = groups(model);
  const weights = Array.isArray(guidance)
    ? byGroup(guidance, all, "Guidance").map((pair) => pair ?? { mean: 0, variance: 0 })
    : all.map(() => guidance);
  const bad = weights.find(({ mean, variance }) => !(Math.max(Math.abs(mean), Math.abs(variance)) <= LARGEST_WEIGHT));
  if (bad) {
    throw new UserError(
      "out-of-range",
      `Guidance: expected weights of at most ${LARGEST_WEIGHT}, got mean ${bad.mean}, variance ${bad.variance}.`,
    );
  }
  const uneven = rule === "product" ? weights.find(({ mean, variance }) => mean !== variance) : undefined;
  if (uneven) {
    throw new UserError(
      "invalid-options",
      `Guidance by the product rule: expected one weight for mean and variance, got ${uneven.mean} and ${uneven.variance}.`,
    );
  }
  return {
    mean: Float32Array.from(weights, ({ mean }) => mean),
    variance: Float32Array.from(weights, ({ variance }) => variance),
  };
}
