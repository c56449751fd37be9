/** @file Pictures that others come of: named on the command line by the number of a sample, or as an image file. */
import { readImageFile } from "../../data/index.js";
import { UserError } from "../../errors.js";
import { type LatentsOptions, latentsOf } from "../../inference/sampling/encode-latents.js";
import { labelsOfSamples } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { type DrawOptions, type Latents, latentsAt, latentsOfSamples } from "../../latents/latents.js";
import { parseLabels, type SamplingOptions } from "./sampling-options.js";

/** A picture that others come of. */
export interface Origin {
  latents: Latents;
  /** Its number among the samples of the seed, or among the images. */
  number: number;
  /** Where the model knows classes. */
  label?: number;
}

/** Samples are numbered from 0 to below this. */
const MOST_SAMPLES = 1e6;

/**
 * The pictures that words name: a number is that sample of the seed, anything else an image file.
 *
 * @throws UserError when there is no such sample, an image cannot be used, or its class is not known
 */
export async function readOrigins(
  words: readonly string[],
  { label, batch }: Pick<SamplingOptions, "label" | "batch">,
  { seed = 0, temperature }: DrawOptions,
  model: TrainedModel,
  execution: Pick<LatentsOptions, "runtime" | "signal">,
): Promise<Origin[]> {
  const { config, data } = model;
  const { classes, resolution } = config.model;
  const labelOf = (sample: number) => {
    if (label !== undefined) return parseLabels(label, sample + 1, model)[sample];
    return classes > 0 ? labelsOfSamples(data, classes, [sample], seed)[0] : undefined;
  };
  const numbered = words.map((word) => (/^\d+$/.test(word) ? Number(word) : undefined));
  const files = words.filter((_, index) => numbered[index] === undefined);
  const beyond = numbered.find((number) => number !== undefined && number >= MOST_SAMPLES);
  if (beyond !== undefined) {
    throw new UserError(
      "out-of-range",
      `Sample ${beyond}: expected a number below ${MOST_SAMPLES}. Write ./${beyond} for a file of that name.`,
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
  return numbered.map((sample) => {
    if (sample !== undefined) {
      return {
        number: sample,
        label: labelOf(sample),
        latents: latentsOfSamples(config.model, [sample], { seed, temperature }),
      };
    }
    const number = image++;
    return { number, label: labels?.[number], latents: latentsAt(latents, number, files.length) };
  });
}
