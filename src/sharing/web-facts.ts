/** @file What a model's export for browsers takes from its run. */
import { existsSync } from "node:fs";
import { calibrationFolder } from "../experiments/calibration/settings.js";
import { shownSettings } from "../experiments/calibration/shown-settings.js";
import type { TrainedModel } from "../inference/trained-model.js";
import { findRefinement } from "../refinement/refinement.js";
import { groupKlOf } from "../training/run/held-out.js";
import { readMetrics } from "../training/run/metrics-log.js";
import { located } from "../training/run/open-run.js";
import { runPaths } from "../training/run/run-folder.js";
import type { ExportWebOptions } from "../weights/web/export-web.js";

/**
 * KL of every group as the run's log has it, and the run's refinement with the settings that suit it, as far as there are any.
 *
 * @param run - as `openRun` takes it
 * @param onNotice - told of a refinement that is left out
 */
export async function webFacts(
  model: TrainedModel,
  run: string,
  onNotice?: (message: string) => void,
): Promise<Pick<ExportWebOptions, "groupKlNats" | "refinement" | "shown">> {
  const { metrics } = runPaths(located(run).folder);
  const groupKlNats = existsSync(metrics) ? groupKlOf(readMetrics(metrics)) : undefined;
  const refinement = await findRefinement(model, run, { onNotice });
  if (!refinement) return { groupKlNats };
  const shown = await shownSettings(model, refinement, calibrationFolder(run, { refined: true }));
  return { groupKlNats, refinement, shown };
}
