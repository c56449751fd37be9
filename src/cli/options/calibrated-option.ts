/** @file `--calibrated`: samples drawn with the settings that a calibration found. */
import type { Command } from "commander";
import { UserError } from "../../errors.js";
import { calibrationOf, guidanceWords, temperatureWords } from "../../experiments/calibration/settings.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { runPaths } from "../../training/run/run-folder.js";
import { samplingFlags } from "../advice.js";
import type { Context } from "./command.js";
import { openRefined, refinedFolder, type SamplingOptions } from "./sampling-options.js";

/** What {@link addCalibratedOption} adds: `true` for the run's own settings, or the folder of others. */
export interface CalibratedOption {
  calibrated?: true | string;
}

/** Adds the option that takes temperature and guidance from a calibration. */
export const addCalibratedOption = (command: Command): Command =>
  command.option(
    "--calibrated [folder]",
    "use the temperature and guidance that `strata calibrate` found for the run, with --refined for its refinement, or those in the folder it wrote to",
  );

/**
 * The options with the temperature and guidance of a calibration, where it is asked for, as if they had been given by hand.
 *
 * @throws UserError when there is no calibration for these weights and this refinement
 */
export async function withCalibration<Options extends Omit<SamplingOptions, "run"> & CalibratedOption>(
  options: Options,
  { run, opened }: { run: string; opened: TrainedModel },
  { progress }: Pick<Context, "progress">,
): Promise<Options> {
  const { calibrated, refined } = options;
  if (calibrated === undefined) return options;
  const refinement = await openRefined(opened, { run, refined }, (message) => progress.note(message));
  const ownFolder = refined === undefined ? undefined : runPaths(refinedFolder(run, refined)).calibration;
  const folder = calibrated === true ? ownFolder : calibrated;
  const { sampling } = await calibrationOf(run, opened, { refinement, folder });
  await refinement?.dispose();
  const settings = {
    temperature: temperatureWords(sampling),
    guidance: guidanceWords(sampling),
    refineGuidance: sampling.refinement?.guidance,
  };
  progress.note(`Calibrated: ${samplingFlags(settings)}.`);
  return {
    ...options,
    temperature: listOf(settings.temperature),
    guidance: listOf(settings.guidance),
    refineGuidance: settings.refineGuidance || undefined,
  };
}

const listOf = (words: string[]): string[] | undefined => (words.length > 0 ? words : undefined);

/** Refuses what a calibration sets. */
export function checkCalibrated({
  calibrated,
  temperature,
  guidance,
  guidanceRule,
  refineGuidance,
}: Omit<SamplingOptions, "run"> & CalibratedOption): void {
  if (calibrated !== undefined && (temperature || guidance || guidanceRule || refineGuidance !== undefined)) {
    throw new UserError(
      "invalid-options",
      "--calibrated: expected neither --temperature, --guidance, --guidance-rule nor --refine-guidance with it, since it sets them.",
    );
  }
}
