/** @file What a training run shows: the progress line, notes, and the picture grids in its folder. */
import { appendFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolderSynced, writeFileAtomic } from "../formats/atomic-file.js";
import { writeError } from "../formats/write-error.js";
import { imageGrid, reconstructionGrid } from "../report/picture-grid.js";
import { bitsPerDim } from "../report/training-charts.js";
import type { TrainingEvent, Progress as TrainingProgress } from "../training/events.js";
import type { SkipLine, ValidationLine } from "../training/metrics-log.js";
import { picturePaths, runPaths } from "../training/run-folder.js";
import { formatCount, formatDuration, formatShare } from "./format.js";
import type { Progress } from "./progress.js";
import { leaveAtOnce } from "./signals.js";

/**
 * The state of a run in one line, the most important first, since a narrow terminal cuts off its end. Its bits per dimension
 * are those of the training objective, which `OBJECTIVE` explains.
 */
export function progressLine(progress: TrainingProgress, resolution: number): string {
  const bits = (nats: number) => bitsPerDim(nats, resolution).toFixed(2);
  const { share, secondsLeft, imagesPerSecond, lossNats, distortionNats, klNats, step, skips } = progress;
  return [
    formatShare(share),
    `${formatDuration(secondsLeft)} left`,
    `${imagesPerSecond.toFixed(1)} images/s`,
    `objective ${bits(lossNats)}`,
    `step ${step}`,
    ...(skips > 0 ? [`${skips} skipped`] : []),
    `(bits/dim; distortion ${bits(distortionNats)}, KL ${bits(klNats)} unweighted)`,
  ].join("  ");
}

/** Said once, so that nobody compares it with a bound. */
const OBJECTIVE =
  "objective: what training minimises, distortion + weighted KL + spectral term, in bits/dim. It is no bound on the likelihood: " +
  "compare the bound on held-out images with that on training images.";

/** The bounds of one evaluation, measured alike: of held-out images, where there are any, and of training images. */
export function boundText(train: ValidationLine, heldOut?: ValidationLine): string {
  const value = ({ bitsPerDim: bits, psnrDb }: ValidationLine, unit = "") =>
    `${bits.toFixed(2)}${unit} (${psnrDb.toFixed(1)} dB)`;
  return heldOut
    ? `step ${train.step}: bound ${value(heldOut, " bits/dim")} on held-out images, ${value(train)} on training images`
    : `step ${train.step}: bound ${value(train, " bits/dim")} on training images, none held out`;
}

/** Time between two notes on skipped updates: a run that skips them all would fill the screen. */
const SKIP_NOTE_MS = 10_000;

/** One skipped update as a sentence. */
export function skipText({ step, reason, lossNats, gradientNorm, consecutive }: SkipLine): string {
  const row = consecutive > 1 ? `, ${consecutive} in a row` : "";
  return `step ${step}: update skipped because of a ${reason}${row} (loss ${lossNats.toPrecision(4)} nats, gradient norm ${gradientNorm.toPrecision(4)})`;
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
  let latest = "";
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
        const { trainImages, validationImages, parameters, device, threads, data } = event.run;
        const images = `${formatCount(trainImages)} images of ${data} to train on, ${formatCount(validationImages)} held out`;
        const where = device === "cpu" ? `${threads} threads` : device;
        note(`${images}; ${formatCount(parameters)} parameters; ${where}; from step ${event.step}`);
        note(OBJECTIVE);
        note(
          `pictures: ${runPaths(out).samples}${page === undefined ? "" : `; the newest of them with all curves: ${page}`}`,
        );
        return;
      }
      case "progress":
        latest = progressLine(event, resolution);
        progress.update(latest);
        return;
      case "metrics":
        log(latest);
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

/** Writes the grids of a step; of both, reconstructions come last. */
async function savePictures(out: string, event: TrainingEvent & { type: "pictures" }): Promise<void> {
  const { step, samples, originals, reconstructions } = event;
  const paths = picturePaths(out, step);
  await makeFolderSynced(dirname(paths.samples));
  await writeFileAtomic(paths.samples, await imageGrid(samples, 8));
  await writeFileAtomic(paths.reconstructions, await reconstructionGrid(originals, reconstructions, 8));
}
