/** @file What refined pictures are shown with where nobody asks for anything: as was calibrated, or as usual. */
import type { TrainedModel } from "../../inference/trained-model.js";
import { type Refinement, usualSettings } from "../../refinement/refinement.js";
import { calibrationOf } from "./settings.js";

/** Settings for samples with a refinement. */
export interface ShownSettings {
  /** Of the refinement; 0 in models without classes. */
  guidance: number;
  /** Of the resolutions whose temperature is not 1. */
  temperature: { resolution: number; temperature: number }[];
  isCalibrated: boolean;
}

/**
 * The settings that were calibrated for a refinement, or the usual ones where there are none for it.
 *
 * @param folder - of the calibration
 */
export async function shownSettings(
  model: TrainedModel,
  refinement: Refinement,
  folder: string,
): Promise<ShownSettings> {
  const found = await calibrationOf(folder, model, { refinement, folder }).catch(() => undefined); // none, or of another step
  if (found) {
    const { temperature, refinement: how } = found.sampling;
    return { guidance: how?.guidance ?? 0, temperature, isCalibrated: true };
  }
  return { ...usualSettings(model.config.model), isCalibrated: false };
}
