/** @file Temperature: a factor on the noise of the latents, for all groups, per resolution or per group. */
import { UserError } from "../errors.js";
import type { Group } from "../model/index.js";
import { byGroup } from "./per-resolution.js";

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
  if (bad !== undefined) throw new UserError(`Expected a temperature of 0 or more, got ${bad}.`);
  if (perGroup.length !== groups.length) {
    throw new UserError(`Expected one temperature for each of ${groups.length} latent groups, got ${perGroup.length}.`);
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
