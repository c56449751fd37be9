/** @file `--interpolate` and `--vary`: rows of pictures that come of other pictures, by the noise that determines those. */
import { type Command, Option } from "commander";
import { readImageFile } from "../../data/index.js";
import { UserError } from "../../errors.js";
import { type LatentsOptions, latentsOf } from "../../inference/sampling/encode-latents.js";
import type { SampleOptions } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { interpolateLatents } from "../../latents/interpolate.js";
import { labelsOfSamples } from "../../latents/labels.js";
import {
  concatenateLatents,
  type DrawOptions,
  type Latents,
  latentsAt,
  latentsOfSamples,
  varyLatents,
} from "../../latents/latents.js";
import { type Group, groups as groupsOf } from "../../model/index.js";
import type { SampleLayout } from "../output/save-samples.js";
import { wholeNumber } from "./arguments.js";
import { parseLabels, type SamplingOptions } from "./sampling-options.js";

/** What {@link addHierarchyOptions} adds. */
export interface HierarchyOptions {
  interpolate?: string[];
  vary?: string[];
  groups?: number[];
}

/** Adds `--interpolate`, `--vary` and `--groups`. */
export const addHierarchyOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        "--interpolate <ends...>",
        "A B: go from one picture to another, each an image file, or the number of a sample (SEED:NUMBER of another seed); one row per pair",
      ).conflicts("vary"),
    )
    .option("--vary <pictures...>", "A: show a picture, then others that keep its first --groups; one row per picture")
    .option(
      "--groups <k...>",
      "the first K latent groups, which --interpolate changes (default: all) or --vary keeps; one row per K",
      (text: string, before: number[] = []) => [...before, wholeNumber(0)(text)],
    );

/** What to draw instead of the samples of a seed, and how to lay it out. */
export interface HierarchyRows {
  sampling: Pick<SampleOptions, "count" | "samples" | "latents" | "labels">;
  layout: SampleLayout;
}

/**
 * The rows that the options ask for, if they do: one for each pair or picture, and for each K.
 *
 * @param options - `count` pictures a row, the ends of a path and the picture that is varied included
 * @param drawing - how samples and variations are drawn; the noise of images is what it is
 * @throws UserError when they contradict each other or do not fit the model, or an image cannot be used
 */
export async function hierarchyRows(
  options: HierarchyOptions & Pick<SamplingOptions, "label" | "batch"> & { count: number },
  drawing: DrawOptions,
  model: TrainedModel,
  execution: Pick<LatentsOptions, "runtime" | "signal">,
): Promise<HierarchyRows | undefined> {
  const { interpolate: ends, vary: pictures, count } = options;
  checkOptions(options);
  const words = ends ?? pictures;
  if (!words) return undefined;
  const all = groupsOf(model.config.model);
  const { groups = [all.length] } = options;
  checkGroups(groups, all);
  const origins = await readOrigins(words, options, drawing, model, execution);
  const starts = [...origins.keys()].filter((index) => pictures || index % 2 === 0);
  const rows = starts.flatMap((start) =>
    groups.map((kept) =>
      ends
        ? path(origins[start], origins[start + 1], kept, count)
        : variations(origins[start], kept, count, model, drawing),
    ),
  );
  const labels = rows.flatMap((row) => row.labels);
  return {
    sampling: {
      count: rows.length * count,
      samples: rows.flatMap(({ number }) => Array<number>(count).fill(number)),
      latents: concatenateLatents(rows.map(({ latents }) => latents)),
      labels: labels.length > 0 ? Int32Array.from(labels) : undefined,
    },
    layout: {
      columns: pictures && rows.length === 1 ? undefined : count,
      rowLabels: groups.length > 1 ? starts.flatMap(() => groups.map((kept) => `K = ${kept}`)) : undefined,
    },
  };
}

/** One row: what its pictures are drawn from. */
interface Row {
  /** What else is drawn is that of this sample. */
  number: number;
  latents: Latents;
  /** Of each picture, or none. */
  labels: number[];
}

/** Each picture has the label of the end that is nearer. */
function path(from: Origin, to: Origin, kept: number, count: number): Row {
  const labels = Array.from({ length: count }, (_, step) => (2 * step < count ? from : to).label);
  return {
    number: from.number,
    latents: interpolateLatents(from.latents, to.latents, count, kept),
    labels: labels.filter((label) => label !== undefined),
  };
}

function variations(origin: Origin, kept: number, count: number, model: TrainedModel, drawing: DrawOptions): Row {
  const varied = varyLatents(model.config.model, origin.latents, { ...drawing, groups: kept, count: count - 1 });
  return {
    number: origin.number,
    latents: concatenateLatents([origin.latents, varied]),
    labels: origin.label === undefined ? [] : Array<number>(count).fill(origin.label),
  };
}

function checkOptions({
  interpolate: ends,
  vary: pictures,
  groups,
  count,
}: HierarchyOptions & { count: number }): void {
  if (groups && !ends && !pictures)
    throw new UserError("invalid-options", "--groups: expected --interpolate A B or --vary A with it.");
  if (pictures && !groups)
    throw new UserError("invalid-options", "--vary: expected --groups K with it, how many latent groups to keep.");
  if (ends && ends.length % 2 !== 0) {
    throw new UserError(
      "invalid-options",
      `--interpolate ${ends.join(" ")}: expected pairs A B, got ${ends.length} pictures.`,
    );
  }
  if ((ends || pictures) && count < 2) {
    throw new UserError(
      "out-of-range",
      `--count ${count}: expected at least 2 pictures a row, the first of them the one to start from.`,
    );
  }
}

function checkGroups(asked: readonly number[], all: readonly Group[]): void {
  const bad = asked.find((count) => count > all.length);
  if (bad === undefined) return;
  const last = new Map(all.map(({ index, resolution }) => [resolution, index + 1]));
  const ends = [...last].map(([resolution, end]) => `K = ${end} (${resolution}×${resolution})`).join(", ");
  throw new UserError(
    "out-of-range",
    `--groups ${bad}: expected at most ${all.length}, as many as this model has; its resolutions end at ${ends}.`,
  );
}

/** A picture that others come of. */
interface Origin {
  latents: Latents;
  /** Its number among the samples of the seed, or among the images. */
  number: number;
  /** Where the model knows classes. */
  label?: number;
}

/** Samples are numbered from 0 to below this. */
const MOST_SAMPLES = 1e6;

/** A sample by its number, among those of a seed. */
interface NamedSample {
  number: number;
  ofSeed: number;
}

/** The sample that a word names, NUMBER or SEED:NUMBER; undefined for a file. */
export function namedSample(word: string, seed = 0): NamedSample | undefined {
  const [, ofSeed, number] = /^(?:(\d{1,15}):)?(\d+)$/.exec(word) ?? [];
  if (number === undefined) return undefined;
  return { number: Number(number), ofSeed: ofSeed === undefined ? seed : Number(ofSeed) };
}

/**
 * The pictures that words name: a number is that sample of the seed, SEED:NUMBER one of another seed, anything else an image
 * file.
 *
 * @throws UserError when there is no such sample, an image cannot be used, or its class is not known
 */
async function readOrigins(
  words: readonly string[],
  { label, batch }: Pick<SamplingOptions, "label" | "batch">,
  { seed = 0, temperature }: DrawOptions,
  model: TrainedModel,
  execution: Pick<LatentsOptions, "runtime" | "signal">,
): Promise<Origin[]> {
  const { config, data } = model;
  const { classes, resolution } = config.model;
  const labelOf = ({ number, ofSeed }: NamedSample) => {
    if (label !== undefined) return parseLabels(label, number + 1, model)[number];
    return classes > 0 ? labelsOfSamples(data, classes, [number], ofSeed)[0] : undefined;
  };
  const named = words.map((word) => namedSample(word, seed));
  const files = words.filter((_, index) => named[index] === undefined);
  const beyond = named.findIndex((sample) => sample !== undefined && sample.number >= MOST_SAMPLES);
  if (beyond >= 0) {
    throw new UserError(
      "out-of-range",
      `Sample ${named[beyond]!.number}: expected a number below ${MOST_SAMPLES}. Write ./${words[beyond]} for a file of that name.`,
    );
  }
  if (files.length > 0 && classes > 0 && (label === undefined || label === "all" || label === "none")) {
    throw new UserError(
      "invalid-options",
      `${files[0]}: expected --label NAME with an image, got ${label === undefined ? "no label" : `--label ${label}`}: this model encodes an image with its class.`,
    );
  }
  const images = new Uint8Array(files.length * 3 * resolution ** 2);
  for (const [index, file] of files.entries()) {
    images.set(await readImageFile(file, resolution), index * 3 * resolution ** 2);
  }
  const labels = classes > 0 && files.length > 0 ? parseLabels(label!, files.length, model) : undefined;
  const given = { images, count: files.length, resolution, labels };
  const latents = files.length > 0 ? await latentsOf(model, given, { seed, batch, ...execution }) : [];
  let image = 0;
  return named.map((sample) => {
    if (sample !== undefined) {
      const { number, ofSeed } = sample;
      return {
        number,
        label: labelOf(sample),
        latents: latentsOfSamples(config.model, [number], { seed: ofSeed, temperature }),
      };
    }
    const number = image++;
    return { number, label: labels?.[number], latents: latentsAt(latents, number, files.length) };
  });
}
