/** @file Sampling settings found by calibration, as they are kept beside a run's checkpoints, and how they were found. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readFailure, UserError } from "../../errors.js";
import type { SampleOptions } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { makeFolderSynced, writeFileAtomic } from "../../io/files/atomic-file.js";
import { parseJson } from "../../io/files/json.js";
import { digestOfModel } from "../../quality/results.js";
import type { Refinement } from "../../refinement/refinement.js";
import { refinementFolder } from "../../refinement/refinement-config.js";
import { located } from "../../training/run/open-run.js";
import { runPaths } from "../../training/run/run-folder.js";

/** Temperature and guidance by resolution, and how a refinement draws; plain sampling has none of them. */
export interface CalibratedSampling {
  /** Of the resolutions whose temperature is not 1. */
  temperature: { resolution: number; temperature: number }[];
  /** Of the resolutions that are guided. */
  guidance: { resolution: number; mean: number; variance: number }[];
  /** Of settings for samples whose first groups a refinement draws: options of that. */
  refinement?: { guidance: number };
}

/** A figure of plain sampling, and of the settings that the search found. */
export interface BothFigures {
  unadjusted: number;
  calibrated: number;
}

/** How the settings of a search compare with plain sampling: samples of another seed, against other held-out images. */
export interface CalibrationCheck {
  /** "energy distance (classifier)". */
  metric: string;
  distance: BothFigures;
  /** Calibrated minus unadjusted, from the same noise: below 0 is better. */
  difference: number;
  standardError: number;
  /** Share of samples that the classifier takes for their label, of models and features with the same classes. */
  accuracy?: BothFigures;
}

/** Sampling settings of a run, and how they were found. */
export interface Calibration {
  /** What to sample with: plain sampling where nothing better was found. */
  sampling: CalibratedSampling;
  /** The weights that it was found for. */
  weights: { digest: string; step: number };
  /** The refinement that it was found for, where one drew the first groups. */
  refinement?: { digest: string; step: number };
  found: {
    /** ISO 8601. */
    date: string;
    version: string;
    data: string;
    /** Identity of the feature extractor. */
    features: string;
    /** Held-out images of the search, and of the check. */
    images: { search: number; check: number };
    /** Samples of each rung of the search, and of the check. */
    samples: { search: number[]; check: number };
    seeds: { search: number; check: number };
    /** Settings that were measured. */
    candidates: number;
    /** Whether the search came to its end within its time. */
    isComplete: boolean;
    /** The best settings of the search, whether or not the check confirmed them. */
    best: CalibratedSampling;
    /** Share of samples that were to be taken for their label, where that was asked for. */
    accuracy?: number;
    /** None where the search found nothing better than plain sampling, or the model overflowed in the check. */
    check?: CalibrationCheck;
  };
}

const FORMAT = 1;

const count = z.int().nonnegative();
const resolution = z.int().positive();
const both = z.strictObject({ unadjusted: z.number(), calibrated: z.number() });

const sampling = z.strictObject({
  temperature: z.array(z.strictObject({ resolution, temperature: z.number().nonnegative() })),
  guidance: z.array(z.strictObject({ resolution, mean: z.number(), variance: z.number() })),
  refinement: z.strictObject({ guidance: z.number() }).optional(),
});

const weights = z.strictObject({ digest: z.string(), step: count });

const fileSchema: z.ZodType<Calibration & { format: typeof FORMAT }> = z.strictObject({
  format: z.literal(FORMAT),
  sampling,
  weights,
  refinement: weights.optional(),
  found: z.strictObject({
    date: z.string(),
    version: z.string(),
    data: z.string(),
    features: z.string(),
    images: z.strictObject({ search: count, check: count }),
    samples: z.strictObject({ search: z.array(count), check: count }),
    seeds: z.strictObject({ search: count, check: count }),
    candidates: count,
    isComplete: z.boolean(),
    best: sampling,
    accuracy: z.number().optional(),
    check: z
      .strictObject({
        metric: z.string(),
        distance: both,
        difference: z.number(),
        standardError: z.number().nonnegative(),
        accuracy: both.optional(),
      })
      .optional(),
  }),
});

/** Whether settings are those of plain sampling. */
export const isPlain = ({ temperature, guidance, refinement }: CalibratedSampling): boolean =>
  temperature.length === 0 && guidance.length === 0 && (refinement?.guidance ?? 0) === 0;

/** The options of a sampler for settings; those of plain sampling are none, so that samples stay what they are without. */
export const samplerOptionsOf = ({
  temperature,
  guidance,
  refinement,
}: CalibratedSampling): Pick<SampleOptions, "temperature" | "guidance" | "refineGuidance"> => ({
  ...(temperature.length > 0 && { temperature }),
  ...(guidance.length > 0 && { guidance }),
  ...(refinement && { refineGuidance: refinement.guidance }),
});

/** The file within a folder of a calibration. */
const settingsFile = (folder: string): string => join(folder, "settings.json");

/** The folder of a run's own calibration, or of that of its refinement. */
export const calibrationFolder = (run: string, { refined = false } = {}): string => {
  const { folder } = located(run);
  return runPaths(refined ? refinementFolder(folder) : folder).calibration;
};

/** @throws UserError when it cannot be written */
export async function writeCalibration(folder: string, found: Calibration): Promise<void> {
  await makeFolderSynced(folder);
  const json = { format: FORMAT, ...found };
  await writeFileAtomic(settingsFile(folder), Buffer.from(`${JSON.stringify(json, null, 2)}\n`));
}

/**
 * What a calibration found, whatever weights it was for.
 *
 * @param folder - see {@link calibrationFolder}
 * @returns undefined where there is none
 * @throws UserError when the file cannot be read, or is none of ours
 */
export async function readCalibration(folder: string): Promise<Calibration | undefined> {
  const path = settingsFile(folder);
  if (!existsSync(path)) return undefined;
  const refuse = (problem: string): never => {
    throw new UserError("damaged", `Expected sampling settings in ${path}, but ${problem}. Calibrate again.`);
  };
  const bytes = await readFile(path).catch((error: Error) => {
    throw new UserError(readFailure(error), `Expected to read ${path}, but that failed: ${error.message}.`);
  });
  const parsed = fileSchema.safeParse(parseJson(bytes, refuse));
  if (!parsed.success) return refuse(`it holds something else:\n${z.prettifyError(parsed.error)}\n`);
  const { format: _, ...found } = parsed.data;
  return found;
}

/** Which calibration {@link calibrationOf} reads. */
export interface CalibrationOptions {
  /** The refinement that draws the first groups. Default: the model's prior draws all. */
  refinement?: Refinement;
  /** Of the calibration. Default: that of the run, or of the run's refinement. */
  folder?: string;
}

/**
 * The calibration of a model, for `sampler.sample({ …, ...samplerOptionsOf(sampling) })`.
 *
 * @param run - the run that the model is of, as `openRun` takes it
 * @throws UserError when there is none, or it was found for other weights, of an earlier step, or raw ones, or for another
 *   refinement
 */
export async function calibrationOf(
  run: string,
  model: TrainedModel,
  { refinement, folder = calibrationFolder(run, { refined: refinement !== undefined }) }: CalibrationOptions = {},
): Promise<Calibration> {
  const found = await readCalibration(folder);
  const refined = refinement !== undefined;
  if (!found) {
    throw new UserError("not-found", `Expected sampling settings in ${settingsFile(folder)}, found none.`, {
      advice: "Calibrate the run first.",
      details: { calibrated: run, refined },
    });
  }
  const difference = differenceOf(found, model, refinement);
  if (!difference) return found;
  const { sampling } = found;
  throw new UserError("mismatch", `Expected sampling settings for ${difference}, in ${settingsFile(folder)}.`, {
    advice: "Calibrate again, or give temperature and guidance yourself.",
    details: {
      ...{ calibrated: run, refined, ...(sampling.refinement && { refineGuidance: sampling.refinement.guidance }) },
      ...{ temperature: temperatureWords(sampling), guidance: guidanceWords(sampling) },
    },
  });
}

/** What settings were expected for, and what they are for; undefined where that is one. */
function differenceOf(
  { weights, refinement: calibrated }: Calibration,
  model: TrainedModel,
  refinement: Refinement | undefined,
): string | undefined {
  const words = (digest: string | undefined, step: number) => (digest ? `a refinement of step ${step}` : "the prior");
  if (weights.digest !== digestOfModel(model)) {
    return `these weights, of step ${model.step}, got those for other weights, of step ${weights.step}`;
  }
  if (calibrated?.digest === refinement?.digest) return undefined;
  return `${words(refinement?.digest, refinement?.step ?? 0)}, got those for ${words(calibrated?.digest, calibrated?.step ?? 0)}`;
}

/** "16:0.7" for each resolution whose temperature is not 1. */
export const temperatureWords = ({ temperature }: CalibratedSampling): string[] =>
  temperature.map((each) => `${each.resolution}:${each.temperature}`);

/** "8:2,0" for each resolution that is guided. */
export const guidanceWords = ({ guidance }: CalibratedSampling): string[] =>
  guidance.map(({ resolution, mean, variance }) => `${resolution}:${mean},${variance}`);
