/** @file Settings of the optimizer: which one, its learning rates and decays, the rule that skips updates. */
import { z } from "zod";
import { optimizerNames } from "../names.js";
import { count, section, setting } from "../setting.js";

const decay = z.number().min(0).lt(1);

export const optimizerSchema = section(
  z
    .strictObject({
      kind: setting(z.literal(optimizerNames).default("adamax"), {
        description: "Rule by which gradients renew the weights.",
        advice:
          "`adamax`, as published. `adam` takes the root of the mean squared gradient in place of the infinity norm.",
      }),
      startLearningRate: setting(z.number().positive(), {
        description: "Learning rate of the first update.",
        unit: "step size per update",
        advice: "A tenth of `maxLearningRate` or less.",
      }),
      maxLearningRate: setting(z.number().positive(), {
        description: "Learning rate after the warm-up.",
        unit: "step size per update",
        advice:
          "Halve it when training diverges or skips many updates. Small models take ten times the published rates.",
      }),
      minLearningRate: setting(z.number().positive(), {
        description: "Learning rate from `decaySteps` on; at most `maxLearningRate`.",
        unit: "step size per update",
        advice: "A short run gains from a low end, 1e-5.",
      }),
      warmupSteps: setting(count.default(50), {
        description: "Length of the linear warm-up.",
        unit: "updates",
        advice: "Raise it when the first updates are skipped or diverge.",
      }),
      decaySteps: setting(count, {
        description: "Updates after which the cosine has reached `minLearningRate`.",
        unit: "updates",
        advice: "Set it to `training.steps`, so that the run ends at the lowest rate.",
      }),
      beta1: setting(decay.default(0.9), {
        description: "Decay of the mean gradient.",
        unit: "per update",
        advice: "No need to change it.",
      }),
      beta2: setting(decay.default(0.999), {
        description: "Decay of the infinity norm (Adamax), or of the mean squared gradient (Adam).",
        unit: "per update",
        advice:
          "0.95 for runs of a few thousand updates: the first hundred gradients are huge, and 0.999 would remember them for the whole run.",
      }),
      epsilon: setting(z.number().positive().default(1e-8), {
        description:
          "Keeps from dividing by 0: added to |gradient| inside the infinity norm (Adamax), or to the root of the mean square (Adam).",
        unit: "gradient",
        advice: "No need to change it.",
      }),
      stateType: setting(z.literal(["float32", "bfloat16"]).default("float32"), {
        description: "Number format of the optimizer's moments between updates.",
        advice:
          "`bfloat16` halves their memory. With `beta2` above 0.998 Adamax's infinity norm then no longer decays, since the product rounds back to what it was: steps become smaller and never larger again.",
      }),
      skipThreshold: setting(z.number().positive(), {
        description:
          "An update whose gradient norm, divided by 3·H·W, exceeds this is skipped once 1,000 updates are done.",
        unit: "gradient norm per pixel value",
        advice: "200 to 300 as published. Raise it when a healthy run skips many updates.",
      }),
    })
    .superRefine(({ minLearningRate, maxLearningRate }, context) => {
      if (minLearningRate > maxLearningRate) {
        const message = `expected at most maxLearningRate (${maxLearningRate}), got ${minLearningRate}`;
        context.addIssue({ code: "custom", path: ["minLearningRate"], message });
      }
    }),
  "OptimizerConfig",
  "The optimizer, its learning rate, and the rule that skips updates.",
);
