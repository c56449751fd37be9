/** @file Shares that grow geometrically over the latent groups: the schedule of the paper's base models (App. B.2). */
import { z } from "zod";
import { section, setting } from "../setting.js";
import { defineSchedule } from "./information-schedule.js";

/** Group `i` of L gets scale^(i / (L − 1)) + shift. */
export const geometric = defineSchedule({
  schema: section(
    z.strictObject({
      shares: setting(z.literal("geometric"), {
        description: "Shares grow geometrically from the first group to the last.",
        advice: 'For base models; `"on"` chooses it for them.',
      }),
      scale: setting(z.number().min(1).default(1000), {
        description: "Ratio of the last group's share to the first one's, before the shift.",
        unit: "ratio",
        advice: "Lower it to give the first groups, which decide what an image is of, a larger part.",
      }),
      shift: setting(z.number().min(0).default(10), {
        description: "Added to every share, so that the first groups keep some.",
        unit: "shares, of which the first group has 1",
        advice: "Raise it when the first groups carry nothing.",
      }),
    }),
    "GeometricSchedule",
    "Shares that grow geometrically over the latent groups, as in the paper's base models (appendix B.2).",
  ),
  shares: ({ scale, shift }, { length }) =>
    Array.from({ length }, (_, group) => scale ** (group / Math.max(length - 1, 1)) + shift),
});
