/** @file What a training run shows: the progress line, notes, and the picture grids in its folder. */
import { appendFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { microBatchOf, type TrainingConfig } from "../../config/index.js";
import { imageGrid, reconstructionGrid } from "../../inference/picture-grid.js";
import { makeFolderSynced, writeFileAtomic } from "../../io/files/atomic-file.js";
import { writeError } from "../../io/files/write-error.js";
import {
  bitsPerDim,
  formatCount,
  formatDuration,
  formatFixed,
  formatRate,
  formatShare,
  formatSignificant,
} from "../../number-format.js";
import type { TrainingEvent, TrainingProgress } from "../../training/events.js";
import type { SkipLine, ValidationLine } from "../../training/run/metrics-log.js";
import { picturePaths, runPaths } from "../../training/run/run-folder.js";
import { leaveAtOnce } from "../signals.js";
import { type Progress, type Status, type StatusParts, wholeLine } from "./progress.js";

/**
 * The state of a run. What a narrow terminal loses first stands last in `importance`: distortion and KL, then skipped updates,
 * then the share of the whole; step, time left, rate and loss stay down to 60 columns. Bits per dimension are those of the
 * training objective, which `OBJECTIVE` explains.
 *
 * @param totalSteps - at which the run ends, unless its time is up before; null: not known
 */
export function trainingStatus(progress: TrainingProgress, resolution: number, totalSteps: number | null): StatusParts {
  const bits = (nats: number) => formatFixed(bitsPerDim(nats, resolution), 2);
  const { share, secondsLeft, imagesPerSecond, lossNats, distortionNats, klNats, step, skips } = progress;
  const [steps, total] = [formatCount(step), totalSteps === null ? undefined : formatCount(totalSteps)];
  return {
    parts: [
      formatShare(share),
      `${formatDuration(secondsLeft)} left`,
      { text: formatRate(imagesPerSecond, "images"), short: formatRate(imagesPerSecond) },
      { text: `objective ${bits(lossNats)}`, short: `loss ${bits(lossNats)}` },
      { text: `step ${steps}${total ? ` of ${total}` : ""}`, short: `${steps}${total ? `/${total}` : ""}` },
      skips > 0 ? `${formatCount(skips)} skipped` : undefined,
      `(bits/dim; distortion ${bits(distortionNats)}, KL ${bits(klNats)} unweighted)`,
    ],
    importance: [4, 1, 2, 3, 0, 5, 6],
  };
}

/** Said once, so that nobody compares it with a bound. */
const OBJECTIVE =
  "objective: what training minimises, distortion + weighted KL + spectral term, in bits/dim. It is no bound on the likelihood: " +
  "compare the bound on held-out images with that on training images.";

/** The bounds of one evaluation, measured alike: of held-out images, where there are any, and of training images. */
export function boundText(train: ValidationLine, heldOut?: ValidationLine): string {
  const value = ({ bitsPerDim: bits, psnrDb }: ValidationLine, unit = "") =>
    `${formatFixed(bits, 2)}${unit} (${formatFixed(psnrDb, 1)} dB)`;
  return heldOut
    ? `step ${train.step}: bound ${value(heldOut, " bits/dim")} on held-out images, ${value(train)} on training images`
    : `step ${train.step}: bound ${value(train, " bits/dim")} on training images, none held out`;
}

/** Time between two notes on skipped updates: a run that skips them all would fill the screen. */
const SKIP_NOTE_MS = 10_000;

/** Four digits that count; what is not finite by its name. */
const figure = (value: number): string => (Number.isFinite(value) ? formatSignificant(value, 4) : String(value));

/** One skipped update as a sentence. */
function skipText({ step, reason, lossNats, gradientNorm, consecutive }: SkipLine): string {
  const row = consecutive > 1 ? `, ${consecutive} in a row` : "";
  return `step ${step}: update skipped because of a ${reason}${row} (loss ${figure(lossNats)} nats, gradient norm ${figure(gradientNorm)})`;
}

interface Display {
  /** Where a page with the pictures is kept, if one is. */
  page?: string;
  /** Clock in milliseconds. */
  now?: () => number;
  /** How to stop at once. */
  leave?: () => void;
}

/**
 * Shows the events of a training run as they come, and keeps what it says in the run's `log.txt`.
 *
 * @param out - the run folder; grids go to its `samples`
 * @param resolution - of the images
 * @returns the handler to give to `train`
 */
export function showTraining(
  out: string,
  resolution: number,
  progress: Progress,
  { page, now = () => performance.now(), leave = leaveAtOnce }: Display = {},
): (event: TrainingEvent) => Promise<void> {
  let latest: Status = "";
  let totalSteps: number | null = null;
  let heldOut: ValidationLine | undefined;
  let unshownSkips = 0;
  let skipShownMs = Number.NEGATIVE_INFINITY;
  const path = join(out, "log.txt");
  const log = (text: string) => {
    try {
      appendFileSync(path, `${new Date().toISOString()}  ${text}\n`);
    } catch (error) {
      throw writeError(path, error);
    }
  };
  const note = (text: string) => {
    log(text);
    progress.note(text);
  };
  return async (event) => {
    switch (event.type) {
      case "start": {
        totalSteps = event.totalSteps;
        const { trainImages, validationImages, parameters, device, threads, data } = event.run;
        const images = `${formatCount(trainImages)} images of ${data} to train on, ${formatCount(validationImages)} held out`;
        const where = device === "cpu" ? `on the CPU with ${threads} threads` : `on ${device}`;
        const parts = microBatchText(event.config.training);
        note(
          `${images}; ${formatCount(parameters)} parameters; ${parts}; ${where}; from step ${formatCount(event.step)}`,
        );
        note(OBJECTIVE);
        note(
          `pictures: ${runPaths(out).samples}${page === undefined ? "" : `; the newest of them with all curves: ${page}`}`,
        );
        return;
      }
      case "progress":
        latest = trainingStatus(event, resolution, totalSteps);
        progress.update(latest);
        return;
      case "metrics":
        log(wholeLine(latest));
        return;
      case "validation":
        if (event.line.split === "validation") heldOut = event.line;
        else note(boundText(event.line, heldOut?.step === event.line.step ? heldOut : undefined));
        return;
      case "skip": {
        const text = skipText(event.line);
        log(text);
        if (now() - skipShownMs < SKIP_NOTE_MS) unshownSkips++;
        else {
          progress.note(unshownSkips > 0 ? `${text}; ${unshownSkips} more before it` : text);
          [unshownSkips, skipShownMs] = [0, now()];
        }
        return;
      }
      case "pictures":
        await savePictures(out, event);
        return;
      case "checkpoint":
        log(`saved ${event.folder}`);
        return;
      case "waiting": {
        const kept = event.saved ? `what is saved is step ${event.saved.step}` : "nothing is saved yet";
        try {
          note(`The micro-batch under way takes too long to wait for: leaving without saving, ${kept}.`);
        } finally {
          leave(); // also where the note cannot be written
        }
        return;
      }
      case "notice":
        note(event.message);
        return;
      default:
        event satisfies never;
    }
  };
}

/** How a batch is computed: what fits into the memory there is, where nothing else was asked for. */
function microBatchText(training: TrainingConfig): string {
  const { batchSize, rematerialise } = training;
  const micro = microBatchOf(training);
  const parts = micro === batchSize ? `batches of ${batchSize}` : `batches of ${batchSize} in parts of ${micro}`;
  return `${parts}${rematerialise === true ? ", blocks computed again to save memory" : ""}`;
}

/** Writes the grids of a step; of both, reconstructions come last. */
async function savePictures(out: string, event: TrainingEvent & { type: "pictures" }): Promise<void> {
  const { step, samples, originals, reconstructions } = event;
  const paths = picturePaths(out, step);
  await makeFolderSynced(dirname(paths.samples));
  await writeFileAtomic(paths.samples, await imageGrid(samples, 8));
  await writeFileAtomic(paths.reconstructions, await reconstructionGrid(originals, reconstructions, 8));
}
