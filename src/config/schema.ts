/** @file The configuration of a run: its schema, its types, and the checks that no single field can make. */
import { z } from "zod";
import { UserError } from "../errors.js";
import { didYouMean, fieldNames, fieldSchema, isRecord } from "./fields.js";
import {
  type InformationScheduleConfig,
  scheduleNames,
  scheduleProblem,
  scheduleSchemaOf,
  schedulesSchema,
} from "./information-schedules/index.js";
import { ladderProblems } from "./ladder.js";
import { outputNames } from "./names.js";

const count = z.int().min(1);
const fraction = z.number().min(0).max(1);
/** A setting that may be left to the program. */
const automatic = <T extends z.ZodType>(setting: T, expected: string) =>
  z.union([setting, z.literal("auto")], { error: `expected ${expected} or "auto"` }).default("auto");

const levelSchema = z.strictObject({
  /** Height and width of this level's images, pixels. */
  resolution: count,
  /** Width of hidden states in the encoder and in the generator. */
  channels: z.int().min(4),
  /** Residual blocks of the encoder. */
  encoderBlocks: count,
  /** Latent groups of the generator. */
  stochasticLayers: count,
  /** Attention layers, evenly spaced among the blocks and among the stochastic layers. */
  attention: z.int().min(0).default(0),
});

/** Fields without which a level is none. */
export const levelNeeds = Object.entries(levelSchema.shape)
  .filter(([, field]) => !field.safeParse(undefined).success)
  .map(([name]) => name);

const modelSchema = z
  .strictObject({
    /** Height and width of the images, pixels. */
    resolution: count,
    /** Number of classes; 0 makes an unconditional model. */
    classes: z.int().min(0).default(0),
    /** Channels of every latent group. */
    latentChannels: count.default(16),
    /** Residual blocks at full resolution after the last latent group. */
    finalBlocks: count.default(3),
    /** Lowest resolution first, as latent groups are numbered. */
    levels: z.array(levelSchema).min(1),
    /** Present in super-resolution models: the lowest level then starts from a smaller image, not from a learned state. */
    superResolution: z
      .strictObject({
        /** Residual blocks at every level of the U-Net over the small image, highest resolution first. */
        blocks: z.array(count).min(1),
        /** Standard deviation of the Gaussian noise on the small image, in training and in sampling (images are in [-1, 1]). */
        noise: z.number().min(0).max(2).default(0.1),
      })
      .optional(),
  })
  .superRefine((model, context) => {
    for (const { path, message } of ladderProblems(model)) context.addIssue({ code: "custom", path, message });
  });

const scheduleSchema = z.union([z.boolean(), z.literal(["on", "off"]), schedulesSchema], {
  error: `expected "on", "off" or { "shares": ${scheduleNames.map((name) => `"${name}"`).join(" | ")}, … } with known keys`,
});

const objectiveSchema = z.strictObject({
  /** Distribution of an image given the latents. */
  output: z.literal(outputNames).default("gaussian"),
  /** Gaussian output: standard deviation σ_q around each image, in units of [-1, 1] data. */
  sigma: z.number().positive().max(1).default(0.025),
  /** Logistic mixture output: number of components. */
  mixtures: count.default(10),
  /** Probability that the prior of a class-conditional model does not see an image's label. */
  labelDropout: fraction.default(0.1),
  /** Weight λ_SR of the spectral term. */
  spectralWeight: z.number().min(0).default(0.05),
  /** Target share of the information for every latent group; off weights all KLs with 1. */
  informationSchedule: scheduleSchema.default(true),
});

const optimizerSchema = z
  .strictObject({
    /** Learning rate of the first update. */
    startLearningRate: z.number().positive(),
    /** Learning rate after the warm-up. */
    maxLearningRate: z.number().positive(),
    /** Learning rate from `decaySteps` on. */
    minLearningRate: z.number().positive(),
    /** Updates of the linear warm-up. */
    warmupSteps: count.default(50),
    /** Updates after which the cosine has reached the minimum. */
    decaySteps: count,
    /** Adamax: decay of the mean gradient. */
    beta1: z.number().min(0).lt(1).default(0.9),
    /** Adamax: decay of the infinity norm. */
    beta2: z.number().min(0).lt(1).default(0.999),
    /** Adamax: added to |gradient| inside the infinity norm. */
    epsilon: z.number().positive().default(1e-8),
    /**
     * How Adamax keeps its two moments between updates. In bfloat16 they take half the memory, but with beta2 above 0.998 the
     * infinity norm no longer decays, since the product rounds back to what it was: steps become smaller, never larger again.
     */
    stateType: z.literal(["float32", "bfloat16"]).default("float32"),
    /** An update whose gradient norm, divided by 3·H·W, exceeds this is skipped once 1,000 updates are done. */
    skipThreshold: z.number().positive(),
  })
  .superRefine(({ minLearningRate, maxLearningRate }, context) => {
    if (minLearningRate > maxLearningRate) {
      const message = `expected at most maxLearningRate (${maxLearningRate}), got ${minLearningRate}`;
      context.addIssue({ code: "custom", path: ["minLearningRate"], message });
    }
  });

const trainingSchema = z
  .strictObject({
    /** Images of one update. */
    batchSize: count,
    /** Images whose gradients are computed at once, a divisor of `batchSize`; "auto": what suits the memory there is. */
    microBatchSize: automatic(count, "a whole number from 1"),
    /** Compute the inside of residual blocks again in the backward pass instead of keeping it; "auto": where memory is short. */
    rematerialise: automatic(z.boolean(), "true, false"),
    /** Batches of the whole run. */
    steps: count,
    /** Flip images left to right half of the time. */
    flips: z.boolean(),
    /** Decay of the moving average of the weights. */
    emaDecay: z.number().min(0).lt(1),
    /** Use the smaller decay (1 + t) / (10 + t) while t updates are few, so that short runs forget their random start. */
    emaWarmup: z.boolean().default(false),
    /** Updates between checkpoints. */
    checkpointEvery: count,
    /** Number of newest checkpoints that are kept; the best on held-out images is kept besides. */
    keepCheckpoints: count.default(3),
    /** Batches between checkpoints that are kept for good: the first one from every multiple of this on; 0: none. */
    keepEvery: z.int().nonnegative().default(0),
    /** Updates skipped in a row after which training stops and says what was wrong with them. */
    maxConsecutiveSkips: count.default(50),
    /** Batches between lines of metrics. */
    logEvery: count.default(50),
    /** Batches between evaluations on held-out images. */
    evaluateEvery: count,
    /** Batches between grids of samples and reconstructions, once a run is under way; they come more often early on. */
    sampleEvery: count,
    /** Seed of initial weights, data order and noise. */
    seed: z.int().min(0).max(0xffffffff).default(0),
  })
  .superRefine(({ batchSize, microBatchSize }, context) => {
    if (microBatchSize !== "auto" && batchSize % microBatchSize !== 0) {
      const message = `expected a divisor of batchSize (${batchSize}), got ${microBatchSize}`;
      context.addIssue({ code: "custom", path: ["microBatchSize"], message });
    }
  });

/** Name of what started from no preset. */
export const CUSTOM = "custom";

/** The schema of a whole configuration before `on` and `off` are resolved; unknown keys are errors. */
export const configSchema = z
  .strictObject({
    /** Name of the preset this configuration started from. */
    preset: z.string().default(CUSTOM),
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
  });

/** Resolution of every latent group, group 0 first. */
const groupResolutions = ({ levels }: z.output<typeof modelSchema>): number[] =>
  levels.flatMap(({ resolution, stochasticLayers }) => Array<number>(stochasticLayers).fill(resolution));

/** What is wrong with a configuration, a line or two for each problem, with the nearest name of each unknown key. */
function problemsText({ issues }: z.ZodError, json: unknown): string {
  return z.prettifyError({ issues: issues.flatMap((issue) => plain(issue, json)) });
}

function plain(issue: z.core.$ZodIssue, json: unknown): z.core.$ZodIssue[] {
  if (issue.code === "unrecognized_keys") {
    const place = issue.path.reduce<z.core.$ZodType | undefined>(fieldSchema, configSchema);
    const names = [...fieldNames(place), ...scheduleFields(valueAt(json, issue.path))];
    const message = issue.keys.map((key) => `Unknown key "${key}": ${didYouMean(key, names, configSchema)}`).join(" ");
    return [{ ...issue, message }];
  }
  if (issue.code !== "invalid_union" || scheduleFields(valueAt(json, issue.path)).length === 0) return [issue];
  const inside = issue.errors.at(-1)!; // of an object that says what kind of schedule it is
  return inside.flatMap((problem) => plain({ ...problem, path: [...issue.path, ...problem.path] }, json));
}

const valueAt = (json: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], json);

/** The fields of a schedule of the kind that an object names; none of anything else. */
const scheduleFields = (schedule: unknown): string[] =>
  fieldNames(scheduleSchemaOf(isRecord(schedule) ? schedule.shares : undefined));

export type LevelConfig = z.output<typeof levelSchema>;
export type ModelConfig = z.output<typeof modelSchema>;
export type ObjectiveConfig = Omit<z.output<typeof objectiveSchema>, "informationSchedule"> & {
  informationSchedule: false | InformationScheduleConfig;
};
export type OptimizerConfig = z.output<typeof optimizerSchema>;
export type TrainingConfig = z.output<typeof trainingSchema>;
export type Config = Omit<z.output<typeof configSchema>, "objective"> & { objective: ObjectiveConfig };
/** Images whose gradients are computed at once: the whole batch where a choice left to the program has not been made. */
export const microBatchOf = ({ batchSize, microBatchSize }: TrainingConfig): number =>
  microBatchSize === "auto" ? batchSize : microBatchSize;

/** What may be written: fields with a default left out, the information schedule as `"on"` or `"off"`. */
export type ConfigInput = z.input<typeof configSchema>;

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

/** What a schedule is set to, given what it was before: plain "on" keeps one that is on, with its parameters. */
export const keptSchedule = (before: unknown, setTo: unknown): unknown =>
  setTo === "on" || setTo === true ? before || setTo : setTo;

/**
 * Checks a configuration that stands for itself, and fills in what it leaves out with the schema's defaults.
 *
 * @param json - parsed JSON of unknown origin
 * @param where - where it came from, for the message: a file or a preset's name
 * @throws {UserError} naming every field that is missing, unknown or out of range, and what was expected there
 */
export function parseCompleteConfig(json: unknown, where: string): Config {
  const result = configSchema.safeParse(json);
  if (!result.success) {
    throw new UserError(`The configuration in ${where} is not valid:\n${visible(problemsText(result.error, json))}`);
  }
  const { objective, ...rest } = result.data;
  const { informationSchedule: schedule } = objective;
  const informationSchedule =
    typeof schedule === "object"
      ? schedule
      : schedule === true || schedule === "on"
        ? defaultSchedule(rest.model)
        : false;
  return { ...rest, objective: { ...objective, informationSchedule } };
}

/** Characters without a shape of their own, as a byte-order mark in the name of a field, by their number: "U+FEFF". */
const visible = (text: string): string =>
  text.replace(/\p{Cf}/gu, (character) => `U+${character.codePointAt(0)!.toString(16).toUpperCase()}`);
