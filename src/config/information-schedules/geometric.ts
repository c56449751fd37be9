/** @file Shares that grow geometrically over the latent groups: the schedule of the paper's base models (App. B.2). */
import { z } from "zod";
import { defineSchedule } from "./information-schedule.js";

/** Group `i` of L gets scale^(i / (L − 1)) + shift. */
export const geometric = defineSchedule({
  schema: z.strictObject({
    shares: z.literal("geometric"),
    /** Ratio of the last group's share to the first one's, before the shift. */
    scale: z.number().min(1).default(1000),
    /** Added to every share, so that the first groups keep some. */
    shift: z.number().min(0).default(10),
  }),
  shares: ({ scale, shift }, { length }) =>
    Array.from({ length }, (_, group) => scale ** (group / Math.max(length - 1, 1)) + shift),
});
