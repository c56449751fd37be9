/** @file Shares that are constant within a resolution: the schedule of the paper's super-resolution model (App. B.2). */
import { z } from "zod";
import { defineSchedule } from "./information-schedule.js";

const ascending = (numbers: readonly number[]) => [...new Set(numbers)].sort((a, b) => a - b);

/**
 * Every group gets the weight of its resolution. The authors' code gives weights to the wrong groups when resolutions differ in
 * their number of groups; this does not.
 */
export const perResolution = defineSchedule({
  schema: z.strictObject({
    shares: z.literal("per-resolution"),
    /** Share of every single group of a resolution, relative to the other groups. */
    weights: z.array(z.strictObject({ resolution: z.int().min(1), weight: z.number().positive() })).min(1),
  }),
  problem: ({ weights }, groups) => {
    const wanted = ascending(groups);
    const got = weights.map(({ resolution }) => resolution).sort((a, b) => a - b);
    if (wanted.join() === got.join()) return undefined;
    const message = `expected one weight for each of the resolutions ${wanted.join(", ")}, got ${got.join(", ")}`;
    return { field: "weights", message };
  },
  shares: ({ weights }, groups) => {
    const weightOf = new Map(weights.map(({ resolution, weight }) => [resolution, weight]));
    return groups.map((resolution) => weightOf.get(resolution)!);
  },
});
