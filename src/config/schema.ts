/** @file The configuration of a run: its schema, and what `"on"` and "auto" mean. */
import { z } from "zod";
import { scheduleProblem } from "./information-schedules/index.js";
import { modelSchema } from "./sections/model.js";
import { objectiveSchema } from "./sections/objective.js";
import { optimizerSchema } from "./sections/optimizer.js";
import { trainingSchema } from "./sections/training.js";
import { section, setting } from "./setting.js";
import type { InformationScheduleConfig, ModelConfig } from "./types.js";

/** Name of what started from no preset. */
export const CUSTOM_PRESET = "custom";

/** The schema of a whole configuration before `"on"` and `"off"` are resolved; unknown keys are errors. */
export const configSchema = section(
  z
    .strictObject({
      preset: setting(z.string().default(CUSTOM_PRESET), {
        description: "Name of the preset that this configuration starts from.",
        advice: "Name one, and write only what differs from it.",
      }),
      model: modelSchema,
      objective: objectiveSchema.prefault({}),
      optimizer: optimizerSchema,
      training: trainingSchema,
    })
    .superRefine(({ model, objective: { informationSchedule: schedule } }, context) => {
      if (typeof schedule !== "object") return;
      const problem = scheduleProblem(schedule, groupResolutions(model));
      if (!problem) return;
      const { field, message } = problem;
      context.addIssue({ code: "custom", path: ["objective", "informationSchedule", field], message });
    }),
  "Config",
  "A complete configuration: what the network is, what it minimises, and how it is trained.",
);

/** Resolution of every latent group, group 0 first. */
const groupResolutions = ({ levels }: z.output<typeof modelSchema>): number[] =>
  levels.flatMap(({ resolution, stochasticLayers }) => Array<number>(stochasticLayers).fill(resolution));

/** The schema of a configuration in a file, which may name the JSON schema that editors complete it from. */
export const configFileSchema = section(
  configSchema.safeExtend({
    $schema: setting(z.string().optional(), {
      description: "The JSON schema of this file, for your editor. Strata ignores it.",
      advice: "`./node_modules/strata-vae/schema/config.schema.json` in a project that has Strata installed.",
    }),
  }),
  "ConfigFile",
  "A configuration in a file.",
);

/**
 * The schedule meant by plain `"on"`: shares growing geometrically over the groups as in the paper's base models, or, in
 * a super-resolution model, proportional to the resolution (1 for 32² and 2 for 64² groups; paper App. B.2).
 */
export function defaultSchedule(model: ModelConfig): InformationScheduleConfig {
  if (!model.superResolution) return { shares: "geometric", scale: 1000, shift: 10 };
  const lowest = model.levels[0].resolution;
  const weights = model.levels.map(({ resolution }) => ({ resolution, weight: resolution / lowest }));
  return { shares: "per-resolution", weights };
}

/** What a schedule becomes when it is set: plain "on" leaves one that is on as it is, with its parameters. */
export const updatedSchedule = (before: unknown, setTo: unknown): unknown =>
  setTo === "on" || setTo === true ? before || setTo : setTo;
