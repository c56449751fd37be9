/** @file The few figures at the head of a report, each with what it means. */

import { formatCount, formatDuration, formatFixed, formatShort } from "../number-format.js";
import { SKIP_REASONS } from "../training/optimizer/schedules.js";
import { bestOf } from "../training/run/held-out.js";
import type { MetricsLine } from "../training/run/metrics-log.js";
import { trainLines, validationLines } from "./training-charts.js";

export interface Figure {
  value: string;
  name: string;
  /** One line for a reader new to the field. */
  meaning: string;
}

/** Bits of a byte: what a colour value costs without any model. */
const RAW_BITS = 8;

/** What a log says at its end; figures that it does not hold are left out. */
export function summaryFigures(metrics: MetricsLine[]): Figure[] {
  const run = metrics.findLast((line) => line.type === "run");
  const train = trainLines(metrics).at(-1);
  const validation = validationLines(metrics, "validation").at(-1);
  const seen = validationLines(metrics, "train").at(-1);
  const figures: Figure[] = [];
  const add = (name: string, value: string, meaning: string) => figures.push({ name, value, meaning });

  if (train) {
    add("training time", formatDuration(train.seconds), "time spent on updates");
    const passes = run && run.trainImages > 0 ? train.images / run.trainImages : Number.NaN;
    const meaning = Number.isFinite(passes)
      ? `about ${formatFixed(passes, passes < 10 ? 1 : 0)} passes over ${formatCount(run!.trainImages)} training images`
      : "in batches, repeats counted";
    add("images seen", formatCount(train.images), meaning);
    add("images per second", formatFixed(train.images / train.seconds, 1), speedMeaning(run?.threads));
  }
  if (run) add("parameters", formatShort(run.parameters), "numbers that training adjusts");
  if (validation) {
    const { psnrDb, bitsPerDim, count } = validation;
    add("held-out PSNR", `${formatFixed(psnrDb, 1)} dB`, psnrMeaning(psnrDb, count));
    add(
      "held-out bits per dimension",
      formatFixed(bitsPerDim, 2),
      `upper bound on what an unseen image costs per colour value; stored raw, ${RAW_BITS}`,
    );
    if (seen?.step === validation.step) {
      const meaning = "the same bound on as many training images: other images, so it may be the higher one";
      add("training-set bits per dimension", formatFixed(seen.bitsPerDim, 2), meaning);
    }
    const best = bestOf(metrics);
    if (best && best.bitsPerDim < bitsPerDim) {
      const meaning = `at step ${formatCount(best.step)}, before the last; ${plateauMeaning(metrics)}`;
      add("best held-out bits per dimension", formatFixed(best.bitsPerDim, 2), meaning);
    }
  }
  if (seen && !validation) {
    const meaning = `upper bound on what a training image costs per colour value, none held out; stored raw, ${RAW_BITS}`;
    add("training-set bits per dimension", formatFixed(seen.bitsPerDim, 2), meaning);
  }
  if (train && train.skips > 0) add("updates skipped", formatCount(train.skips), skipMeaning(metrics));
  return figures;
}

/** What came of the best model. */
function plateauMeaning(metrics: MetricsLine[]): string {
  const last = metrics.findLast((line) => line.type === "plateau");
  return last
    ? `no better in the ${last.evaluations} evaluations up to step ${formatCount(last.step)}`
    : "its checkpoint is kept as best";
}

/** How many updates were skipped for which reason; logs of older versions do not tell. */
function skipMeaning(metrics: MetricsLine[]): string {
  const counts = SKIP_REASONS.flatMap((reason) => {
    const count = metrics.filter((line) => line.type === "skip" && line.reason === reason).length;
    return count > 0 ? [`${formatCount(count)} for a ${reason}`] : [];
  });
  return counts.length > 0 ? counts.join(", ") : "their gradients were too large or not finite";
}

function speedMeaning(threads: number | undefined): string {
  return threads === undefined
    ? "mean over the run"
    : `mean over the run, ${threads} thread${threads === 1 ? "" : "s"}`;
}

/** PSNR = 20 log10(255 / RMSE), so the error is known in levels. */
function psnrMeaning(psnrDb: number, count: number): string {
  const levels = 255 * 10 ** (-psnrDb / 20);
  return `reconstructions of ${formatCount(count)} unseen images are off by about ${formatFixed(levels, 0)} of 255 levels`;
}
