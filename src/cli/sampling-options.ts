/** @file The options shared by every command that makes samples, and what they mean to the library. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { nearest } from "../config/index.js";
import { UserError } from "../errors.js";
import type { Guidance } from "../generation/guidance.js";
import type { SampleOptions } from "../generation/sampler.js";
import type { TrainedModel } from "../generation/trained-model.js";
import { openRun } from "../training/open-run.js";
import { wholeNumber } from "./arguments.js";
import type { Context } from "./command.js";
import { parseTemperature } from "./temperature-option.js";

/** What {@link addModelOptions} adds. */
export interface ModelOptions {
  run: string;
  weights?: "ema" | "raw";
  checkpoint?: "last" | "best" | number;
  batch?: number;
}

/** What {@link addSamplingOptions} adds. */
export interface SamplingOptions extends ModelOptions {
  label?: string;
  guidance?: string[];
  temperature?: string[];
  output?: "mean" | "sample";
}

/** Adds the options that say which weights of which run to use, and how many images to make at once. */
export const addModelOptions = (command: Command): Command =>
  command
    .requiredOption("--run <run>", "a run folder, or pretrained:NAME")
    .addOption(new Option("--weights <which>", "the moving average, or the weights themselves").choices(["ema", "raw"]))
    .option("--checkpoint <which>", "last, best (on held-out images), or a step", checkpoint)
    .option("--batch <n>", "images made at once", wholeNumber(1));

/** Adds SAMPLING: the model options, labels, guidance, temperature and output. */
export const addSamplingOptions = (command: Command): Command =>
  addModelOptions(command)
    .option("--label <which>", "a class by name or index, all (in turn), or none")
    .option("--guidance <weights...>", "MEAN,VARIANCE for all groups, or RESOLUTION:MEAN,VARIANCE for some")
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
): Pick<SampleOptions, "count" | "seed" | "temperature" | "guidance" | "output" | "labels"> {
  const { temperature, output, label, guidance } = options;
  const labels = label === undefined ? undefined : parseLabels(label, count, model);
  return {
    count,
    seed,
    temperature: temperature && parseTemperature(temperature),
    output,
    labels,
    guidance: guidance && parseGuidance(guidance),
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

/**
 * Guidance weights from text.
 *
 * @param words - one "MEAN,VARIANCE", or one "RESOLUTION:MEAN,VARIANCE" for each resolution to guide
 */
export function parseGuidance(words: string[]): Guidance {
  const parsed = words.map((word) => {
    const match = /^(?:(\d+):)?([^,:]+),([^,:]+)$/.exec(word);
    const [resolution, mean, variance] = [match?.[1] && Number(match[1]), Number(match?.[2]), Number(match?.[3])];
    if (!Number.isFinite(mean) || !Number.isFinite(variance)) {
      throw new UserError(
        `--guidance ${word}: expected MEAN,VARIANCE such as 1.5,5, or RESOLUTION:MEAN,VARIANCE such as 32:1.5,5.`,
      );
    }
    return { resolution, mean, variance };
  });
  const resolutions = parsed.flatMap(({ resolution, mean, variance }) =>
    resolution ? [{ resolution, mean, variance }] : [],
  );
  if (resolutions.length === parsed.length) return resolutions;
  if (parsed.length === 1) return { mean: parsed[0].mean, variance: parsed[0].variance };
  throw new UserError(
    `--guidance ${words.join(" ")}: expected one MEAN,VARIANCE alone, or RESOLUTION:MEAN,VARIANCE throughout.`,
  );
}
