/** @file Settings by resolution, spread over the latent groups. */
import { UserError } from "../errors.js";
import type { Group } from "../model/index.js";

/**
 * The setting of every group, [L]; undefined for those of resolutions that are not named.
 *
 * @param what - is set, for the message
 * @throws UserError when a resolution has no group
 */
export function byGroup<T extends { resolution: number }>(
  settings: readonly T[],
  groups: readonly Pick<Group, "resolution">[],
  what: string,
): (T | undefined)[] {
  const resolutions = groups.map(({ resolution }) => resolution);
  const unknown = settings.find(({ resolution }) => !resolutions.includes(resolution));
  if (unknown) {
    const known = [...new Set(resolutions)].join(", ");
    throw new UserError(`${what}: expected a resolution among ${known}, got ${unknown.resolution}.`);
  }
  return resolutions.map((wanted) => settings.find(({ resolution }) => resolution === wanted));
}
