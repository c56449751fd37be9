/** @file Settings of what training minimises: output distribution, information schedule, spectral term. */
import { z } from "zod";
import { scheduleNames, schedulesSchema } from "../information-schedules/index.js";
import { outputNames } from "../names.js";
import { count, fraction, section, setting } from "../setting.js";

const scheduleSchema = z.union([z.boolean(), z.literal(["on", "off"]), schedulesSchema], {
  error: `expected "on", "off" or { "shares": ${scheduleNames.map((name) => `"${name}"`).join(" | ")}, … } with known keys`,
});

export const objectiveSchema = section(
  z.strictObject({
    output: setting(z.literal(outputNames).default("gaussian"), {
      description: "Distribution of an image given its latents.",
      advice:
        "Keep `gaussian` for sample quality: its mean is the picture. `logistic-mixture` is what earlier models used, for comparison.",
    }),
    sigma: setting(z.number().positive().max(1).default(0.025), {
      description: "Gaussian output: standard deviation σ_q around each image.",
      unit: "pixel values in [−1, 1]",
      advice:
        "It says how exact a picture must be. 0.025, as published, is about 3 of 255 levels; 0.06 keeps a short run from spending itself on shades.",
    }),
    mixtures: setting(count.default(10), {
      description: "Logistic mixture output: number of components.",
      unit: "components",
      advice: "10 is customary.",
    }),
    labelDropout: setting(fraction.default(0.1), {
      description: "Probability that the prior of a class-conditional model does not see an image's label.",
      unit: "probability",
      advice: "Guidance needs some: keep 0.1. It means nothing in an unconditional model.",
    }),
    spectralWeight: setting(z.number().min(0).default(0.05), {
      description: "Weight λ_SR of the spectral regularisation.",
      unit: "factor",
      advice: "Raise it when KL terms jump; lower it for very small models, whose latents it can silence.",
    }),
    informationSchedule: setting(scheduleSchema.default("on"), {
      description:
        'Target share of the information for every latent group: `"on"` for the published schedule that suits the model, `"off"` to weight all KL terms with 1, or an object that says the shares.',
      advice: "Keep it on: without it the last groups take nearly everything, and samples lose their structure.",
    }),
  }),
  "ObjectiveConfig",
  "What training minimises.",
);
