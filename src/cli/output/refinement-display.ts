/** @file The progress of a refinement's training, as it is shown: a line, and a grid of samples with every checkpoint. */
import type { Runtime } from "../../engine/index.js";
import { imageGrid } from "../../inference/picture-grid.js";
import { NonFiniteOutputError } from "../../inference/pictures.js";
import { Sampler } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { makeFolderSynced, writeFileAtomic } from "../../io/files/atomic-file.js";
import { formatCount, formatDuration, formatFixed, formatRate, formatShare } from "../../number-format.js";
import type { RefineEvent, RefineProgress } from "../../refinement/refine.js";
import { openRefinement, SHOWN } from "../../refinement/refinement.js";
import { picturePaths, runPaths } from "../../training/run/run-folder.js";
import { type Progress, type StatusParts, workLine } from "./progress.js";

/** Images of a grid, and of its rows. */
const [SAMPLES, COLUMNS] = [64, 8];

/** What is refined, and where. */
export interface ShownRefinement {
  model: TrainedModel;
  /** The refinement's folder; grids go to its `samples`. */
  out: string;
  runtime: Runtime;
  /** Once it is aborted nothing is drawn any more. */
  signal: AbortSignal;
}

/** Tells of its events, and draws with what each checkpoint holds. */
export function showRefinement(refinement: ShownRefinement, progress: Progress): (event: RefineEvent) => Promise<void> {
  const line = workLine({ what: "latents of the images", unit: "images" });
  return async (event) => {
    if (event.type === "latents") progress.update(line(event.done, event.count));
    else if (event.type === "progress") progress.update(refinementStatus(event));
    else if (event.type === "notice") progress.note(event.message);
    else if (event.type === "checkpoint" && !refinement.signal.aborted) {
      await drawSamples(refinement, event.step).catch((error) => {
        if (!(error instanceof NonFiniteOutputError)) throw error;
        progress.note(`no grid of step ${formatCount(event.step)}: ${error.message}`);
      });
    }
  };
}

/** A grid of samples, the same noise each time. */
async function drawSamples({ model, out, runtime }: ShownRefinement, step: number): Promise<void> {
  const guidance = model.config.model.classes > 0 ? SHOWN.guidance : 0;
  const refinement = await openRefinement(model, out, { guidance });
  await using sampler = new Sampler(model, { refinement, runtime });
  const samples = await sampler.sample({ count: SAMPLES, temperature: SHOWN.temperature });
  await makeFolderSynced(runPaths(out).samples);
  await writeFileAtomic(picturePaths(out, step).samples, await imageGrid(samples, COLUMNS));
}

/** The state of its training; the step and the time left stay longest where the terminal is narrow. */
function refinementStatus(progress: RefineProgress): StatusParts {
  const { step, totalSteps, loss, imagesPerSecond, share, secondsLeft } = progress;
  return {
    parts: [
      formatShare(share),
      `${formatDuration(secondsLeft)} left`,
      formatRate(imagesPerSecond, "latents"),
      `loss ${formatFixed(loss, 3)}`,
      `step ${formatCount(step)}${totalSteps === null ? "" : ` of ${formatCount(totalSteps)}`}`,
    ],
    importance: [4, 1, 3, 2, 0],
  };
}
