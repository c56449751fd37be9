/** @file The options shared by every command that makes samples, and what they mean to the library. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { nearest } from "../config/index.js";
import { UserError } from "../errors.js";
import type { GuidanceRule } from "../generation/guidance.js";
import type { SampleOptions } from "../generation/sampler.js";
import type { TrainedModel } from "../generation/trained-model.js";
import { openRun } from "../training/open-run.js";
import { batchSize } from "./arguments.js";
import type { Context } from "./command.js";
import { parseGuidance } from "./guidance-options.js";
import { parseTemperature } from "./temperature-option.js";

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
  temperature?: string[];
  output?: "mean" | "sample";
}

/** Adds the options that say which weights of a run to use. */
export const addWeightsOptions = (command: Command): Command =>
  command
    .addOption(new Option("--weights <which>", "the moving average, or the weights themselves").choices(["ema", "raw"]))
    .option("--checkpoint <which>", "last, best (on held-out images), or a step", checkpoint);

/** Adds the options that say which weights of which run to use, and how many images to make at once. */
export const addModelOptions = (command: Command, { required = true } = {}): Command =>
  addWeightsOptions(
    command.addOption(new Option("--run <run>", "a run folder, or pretrained:NAME").makeOptionMandatory(required)),
  ).option("--batch <n>", "images made at once", batchSize);

/** Adds SAMPLING: the model options, labels, guidance, the second model of a cascade, temperature and output. */
export const addSamplingOptions = (command: Command, { required = true } = {}): Command =>
  addModelOptions(command, { required })
    .option("--label <which>", "a class by name or index, all (a row of each), or none")
    .option("--guidance <weights...>", "MEAN,VARIANCE for all groups, or RESOLUTION:MEAN,VARIANCE for some")
    .addOption(
      new Option("--guidance-rule <rule>", "how: the paper's extrapolation, or the product of its Appendix C").choices([
        "extrapolate",
        "product",
      ]),
    )
    .option("--superres <run>", "a super-resolution model that enlarges what the first one draws")
    .option("--superres-guidance <weights...>", "guidance of that model (default: as --guidance, if for all groups)")
    .option("--temperature <t...>", "factor on the noise of the latents: T for all groups, or RESOLUTION:T for some")
    .addOption(
      new Option("--output <how>", "the predicted mean, or a draw from the output").choices(["mean", "sample"]),
    );

function checkpoint(text: string): "last" | "best" | number {
  if (text === "last" || text === "best") return text;
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Expected last, best, or a step.");
  return Number(text);
}

/** Opens the run named by the options. */
export const openModel = ({ run, weights, checkpoint }: ModelOptions, { progress }: Context): Promise<TrainedModel> =>
  openRun(run, { weights, checkpoint, onNotice: (message) => progress.note(message) });

/** The library's options for these; `count` images of `model`. */
export function sampleOptions(
  options: SamplingOptions,
  count: number,
  model: TrainedModel,
  { seed }: Context,
): SampleOptions {
  const { temperature, output, label, guidance, guidanceRule } = options;
  const labels = label === undefined ? undefined : parseLabels(label, count, model);
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
 * @param which - a class by name or index, "all" (classes in turn), or "none"
 * @throws UserError when the model knows no classes, or not that one
 */
export function parseLabels(which: string, count: number, { config, data }: TrainedModel): Int32Array {
  const { classes } = config.model;
  if (classes === 0) {
    throw new UserError(`--label ${which}: this model was trained without classes. Leave the option out.`);
  }
  if (which === "all") return Int32Array.from({ length: count }, (_, image) => image % classes);
  if (which === "none") return new Int32Array(count).fill(classes);
  const named = data.classes.indexOf(which);
  const label = named >= 0 ? named : /^\d+$/.test(which) ? Number(which) : -1;
  if (label >= 0 && label < classes) return new Int32Array(count).fill(label);
  const names = data.classes.length > 0 ? `; the nearest names are ${nearest(which, data.classes).join(", ")}` : "";
  throw new UserError(`--label ${which}: expected a class of this model, 0 to ${classes - 1}, all or none${names}.`);
}
