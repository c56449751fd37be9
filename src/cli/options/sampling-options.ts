/** @file The options shared by every command that makes samples, and what they mean to the library. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import type { Head } from "../../heads/trained-head.js";
import { Cascade } from "../../inference/sampling/cascade.js";
import { findClass } from "../../inference/sampling/class-label.js";
import { type ImageSampler, type SampleOptions, Sampler } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import type { EnlargingOptions } from "../../latents/cascade.js";
import type { GuidanceRule } from "../../latents/per-group.js";
import { openRefinement, type Refinement, refinementPlace } from "../../refinement/refinement.js";
import { refinementFolder } from "../../refinement/refinement-config.js";
import { located, openRun } from "../../training/run/open-run.js";
import { batchSize, parseGuidance, parseTemperature, wholeNumber } from "./arguments.js";
import type { Context } from "./command.js";
import { hubOptions } from "./hub.js";

/** What {@link addWeightsOptions} adds. */
export interface WeightsOptions {
  weights?: "ema" | "raw";
  checkpoint?: "last" | "best" | number;
}

/** What {@link addModelOptions} adds. */
export interface ModelOptions extends WeightsOptions {
  run: string;
  batch?: number;
}

/** What {@link addSamplingOptions} adds. */
export interface SamplingOptions extends ModelOptions {
  label?: string;
  guidance?: string[];
  guidanceRule?: GuidanceRule;
  superres?: string;
  superresGuidance?: string[];
  superresTemperature?: string[];
  /** `true` for the run's own. */
  refined?: string | true;
  refineSteps?: number;
  refineGuidance?: number;
  temperature?: string[];
  output?: "mean" | "sample";
}

/** Adds the options that say which weights of a run to use. */
export const addWeightsOptions = (command: Command): Command =>
  command
    .addOption(
      new Option("--weights <which>", "weights to use: their moving average, or the raw weights").choices([
        "ema",
        "raw",
      ]),
    )
    .option("--checkpoint <which>", "checkpoint to use: last, best (on held-out images), or a step", checkpointName);

/** Adds the options that say which weights of which run to use, and how many images to make at once. */
export const addModelOptions = (command: Command, { required = true } = {}): Command =>
  addWeightsOptions(
    command.addOption(
      new Option("--run <run>", "run folder, pretrained:NAME, or hf:OWNER/NAME on a hub").makeOptionMandatory(required),
    ),
  ).option("--batch <n>", "images to compute at once", batchSize);

/** Adds SAMPLING: the model options, labels, guidance, the second model of a cascade, temperature and output. */
export const addSamplingOptions = (command: Command, { required = true } = {}): Command =>
  addModelOptions(command, { required })
    .option(
      "--label <which>",
      "class to draw, by name or index (name:… or index:… if both fit); all: a row of each; none: no label",
    )
    .option(
      "--guidance <weights...>",
      "guidance weights: MEAN,VARIANCE for all groups, or RESOLUTION:MEAN,VARIANCE for some",
    )
    .addOption(
      new Option(
        "--guidance-rule <rule>",
        "how to guide: the paper's extrapolation, or the product of its Appendix C",
      ).choices(["extrapolate", "product"]),
    )
    .option("--superres <run>", "super-resolution model that enlarges what the first one draws")
    .option("--superres-guidance <weights...>", "guidance of that model (default: --guidance, if it is for all groups)")
    .option(
      "--superres-temperature <t...>",
      "temperature of that model (default: --temperature, if it is for all groups)",
    )
    .option(
      "--refined [folder]",
      "draw the first groups by the run's refinement (strata refine), or by that of a folder",
    )
    .option("--refine-steps <n>", "steps of its flow: fewer are faster (default: 8)", wholeNumber(1, 1000))
    .option(
      "--refine-guidance <w>",
      "its guidance weight: above 0, samples show their class more clearly (default: 0)",
      number,
    )
    .option("--temperature <t...>", "factor on the noise of the latents: T for all groups, or RESOLUTION:T for some")
    .addOption(
      new Option("--output <how>", "show the predicted mean, or a draw from the output distribution").choices([
        "mean",
        "sample",
      ]),
    );

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Expected a number.");
  return value;
}

/** Which checkpoint is meant. */
export function checkpointName(text: string): "last" | "best" | number {
  if (text === "last" || text === "best") return text;
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Expected last, best, or a step.");
  return Number(text);
}

/** Opens the run named by the options. */
export const openModel = ({ run, weights, checkpoint }: ModelOptions, context: Context): Promise<TrainedModel> =>
  openRun(run, {
    weights,
    checkpoint,
    hub: hubOptions(context),
    onNotice: (message) => context.progress.note(message),
  });

/** The library's options for these; `count` images of `model`. */
export function sampleOptions(
  options: SamplingOptions,
  count: number,
  model: TrainedModel,
  { seed, progress }: Context,
): SampleOptions {
  const { temperature, output, label, guidance, guidanceRule } = options;
  const labels =
    label === undefined ? undefined : parseLabels(label, count, model, (message) => progress.note(message));
  return {
    count,
    seed,
    temperature: temperature && parseTemperature(temperature),
    output,
    labels,
    guidance: guidance && parseGuidance(guidance),
    guidanceRule,
  };
}

/**
 * One label for each of `count` images.
 *
 * @param which - a class as {@link findClass} knows it, "all" (classes in turn), or "none"
 * @param onNotice - told which class a word is taken for, where that is not plain
 * @throws UserError when the model knows no classes, or not that one
 */
export function parseLabels(
  which: string,
  count: number,
  model: Pick<TrainedModel, "config" | "data">,
  onNotice: (message: string) => void = () => {},
): Int32Array {
  const { classes } = model.config.model;
  if (classes > 0 && (which === "all" || which === "none")) {
    const meaning = which === "all" ? "every class in turn" : "no class";
    if (model.data.classes.includes(which))
      onNotice(`--label ${which}: ${meaning}; name:${which} is the class of that name.`);
    return Int32Array.from({ length: count }, (_, image) => (which === "all" ? image % classes : classes));
  }
  const { label, notice } = findClass(which, model);
  if (notice) onNotice(notice);
  return new Int32Array(count).fill(label);
}

/** Images made at once where the options do not say how many. */
const BATCH = 16;

/** The models that samples are drawn by. */
export interface SamplingModels {
  model: TrainedModel;
  refinement?: Refinement;
  /** Draws the pixels in place of the output layer. */
  head?: Head;
  /** The second model of a cascade, and how it is sampled where not as the first. */
  enlarger?: { model: TrainedModel; enlarging: EnlargingOptions };
}

/**
 * A model that is open already, and the refinement and the second model that the options name: opened before a runtime, whose device takes seconds
 * to test.
 *
 * @throws UserError when the refinement or the second model cannot be opened, or is missing where it is needed
 */
export async function samplingModels(
  model: TrainedModel,
  options: SamplingOptions,
  context: Pick<Context, "progress" | "signal" | "offline">,
): Promise<SamplingModels> {
  const { run, superres, superresGuidance, superresTemperature, weights } = options;
  const onNotice = (message: string) => context.progress.note(message);
  if (superres === undefined) {
    const option = superresGuidance ? "guidance" : superresTemperature && "temperature";
    if (option) throw new UserError("invalid-options", `--superres-${option}: expected --superres RUN with it.`);
    if (model.config.model.superResolution) {
      throw new UserError(
        "wrong-model",
        `--run ${run}: this is a super-resolution model, which enlarges what another one draws. Give that one to --run, and ${run} to --superres.`,
      );
    }
    return { model, refinement: await openRefined(model, options, onNotice) };
  }
  const enlarging = {
    guidance: superresGuidance && parseGuidance(superresGuidance, "--superres-guidance"),
    temperature: superresTemperature && parseTemperature(superresTemperature, "--superres-temperature"),
  };
  const second = await openRun(superres, { weights, hub: hubOptions(context), onNotice });
  return { model, refinement: await openRefined(model, options, onNotice), enlarger: { model: second, enlarging } };
}

/** What {@link openRefined} reads. */
export type RefinedOptions = Pick<SamplingOptions, "run" | "refined" | "refineSteps" | "refineGuidance">;

/** The folder of the refinement that is asked for. */
export const refinedFolder = (run: string, refined: true | string): string =>
  refined === true ? refinementFolder(located(run).folder) : refinementPlace(refined);

/** The refinement that the options ask for, if they do. */
export async function openRefined(
  model: TrainedModel,
  { run, refined, refineSteps: steps, refineGuidance: guidance }: RefinedOptions,
  onNotice: (message: string) => void,
): Promise<Refinement | undefined> {
  if (refined === undefined) {
    const option = steps === undefined ? (guidance === undefined ? undefined : "--refine-guidance") : "--refine-steps";
    if (option) throw new UserError("invalid-options", `${option}: expected --refined with it.`);
    return undefined;
  }
  return openRefinement(model, refinedFolder(run, refined), { steps, guidance, onNotice });
}

/**
 * @param count - images that will be asked for at once
 * @throws UserError when the second model does not fit the first
 */
export function createSampler(
  { model, refinement, head, enlarger }: SamplingModels,
  { batch }: Pick<SamplingOptions, "batch">,
  count: number,
  runtime: Runtime,
): ImageSampler {
  const how = { batch: batch ?? Math.min(BATCH, count), runtime };
  const sampler = new Sampler(model, { ...how, refinement, head });
  if (!enlarger) return sampler;
  return new Cascade(sampler, new Sampler(enlarger.model, how), enlarger.enlarging);
}
