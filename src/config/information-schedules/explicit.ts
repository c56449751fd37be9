/** @file Shares from a list: one number for every latent group. */
import { z } from "zod";
import { defineSchedule } from "./information-schedule.js";

/** Group `i` gets the i-th number of the list, relative to the others. */
export const explicit = defineSchedule({
  schema: z.strictObject({
    shares: z.literal("explicit"),
    /** Share of every latent group, relative to the others, lowest resolution first. */
    values: z.array(z.number().positive()).min(1),
  }),
  problem: ({ values }, groups) => {
    if (values.length === groups.length) return undefined;
    const message = `expected one share for each of the model's ${groups.length} latent groups, got ${values.length}`;
    return { field: "values", message };
  },
  shares: ({ values }) => values,
});
