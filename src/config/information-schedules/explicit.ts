/** @file Shares from a list: one number for every latent group. */
import { z } from "zod";
import { section, setting } from "../setting.js";
import { defineSchedule } from "./information-schedule.js";

/** Group `i` gets the i-th number of the list, relative to the others. */
export const explicit = defineSchedule({
  schema: section(
    z.strictObject({
      shares: setting(z.literal("explicit"), {
        description: "Shares come from a list.",
        advice: "For experiments with shares of your own.",
      }),
      values: setting(z.array(z.number().positive()).min(1), {
        description: "Share of every latent group, relative to the others, lowest resolution first.",
        unit: "ratio",
        advice: "One number for each group; `stochasticLayers` of `model.levels` add up to how many.",
      }),
    }),
    "ExplicitSchedule",
    "Shares from a list: one number for every latent group.",
  ),
  problem: ({ values }, groups) => {
    if (values.length === groups.length) return undefined;
    const message = `expected one share for each of the model's ${groups.length} latent groups, got ${values.length}`;
    return { field: "values", message };
  },
  shares: ({ values }) => values,
});
