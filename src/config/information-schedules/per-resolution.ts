/** @file Shares that are constant within a resolution: the schedule of the paper's super-resolution model (App. B.2). */
import { z } from "zod";
import { count, section, setting } from "../setting.js";
import { defineSchedule } from "./information-schedule.js";

const ascending = (numbers: readonly number[]) => [...new Set(numbers)].sort((a, b) => a - b);

const resolutionWeightSchema = section(
  z.strictObject({
    resolution: setting(count, {
      description: "Resolution of the groups.",
      unit: "pixels",
      advice: "Name each of the model's resolutions once.",
    }),
    weight: setting(z.number().positive(), {
      description: "Share of each group of this resolution, relative to the other groups.",
      unit: "ratio",
      advice: "2 where a group should carry twice as much as one with 1.",
    }),
  }),
  "ResolutionWeight",
  "The share of every group of one resolution.",
);

/**
 * Every group gets the weight of its resolution. The authors' code gives weights to the wrong groups when resolutions differ in
 * their number of groups; this does not.
 */
export const perResolution = defineSchedule({
  schema: section(
    z.strictObject({
      shares: setting(z.literal("per-resolution"), {
        description: "All groups of a resolution have the same share.",
        advice: 'For super-resolution models; `"on"` chooses it for them.',
      }),
      weights: setting(z.array(resolutionWeightSchema).min(1), {
        description: "One weight for each of the model's resolutions.",
        advice: "1 for 32² and 2 for 64² as published.",
      }),
    }),
    "PerResolutionSchedule",
    "Shares by resolution, as in the paper's super-resolution model (appendix B.2).",
  ),
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
