/** @file What a log says of the bound on held-out images: where it was best, and whether it has stopped falling. */

import { formatFixed } from "../../number-format.js";
import type { MetricsLine, PlateauLine, ValidationLine } from "./metrics-log.js";

/** The smallest change of a bound that messages can show, bits per dimension. */
const VISIBLE = 0.001;
/** Evaluations in a row without a better bound that count as long, whatever the run's length. */
const MANY = 10;
/** Fewer do when they span this share of the run's steps. */
const FEW = 3;
const LONG_SHARE = 0.2;

/** The step whose weights had the lowest bound on held-out images. */
export interface BestStep {
  step: number;
  /** Bound on held-out images. */
  bitsPerDim: number;
}

const heldOut = (lines: readonly MetricsLine[]): ValidationLine[] =>
  lines.filter((line) => line.type === "validation").filter(({ split }) => split === "validation");

/**
 * The step with the smallest bound on held-out images, the first of equals; undefined when there is none.
 *
 * @param steps - the steps to choose from; default: all
 */
export function bestOf(lines: readonly MetricsLine[], steps?: readonly number[]): BestStep | undefined {
  let best: BestStep | undefined;
  for (const { step, bitsPerDim } of heldOut(lines)) {
    if (!Number.isFinite(bitsPerDim) || (steps && !steps.includes(step))) continue;
    if (!best || bitsPerDim < best.bitsPerDim) best = { step, bitsPerDim };
  }
  return best;
}

/** KL of every latent group as it was last measured, nats: on held-out images, else while training; undefined where never. */
export function groupKlOf(lines: readonly MetricsLine[]): number[] | undefined {
  return (
    heldOut(lines).at(-1)?.groupKlNats ??
    lines.findLast((line) => line.type === "validation" || line.type === "train")?.groupKlNats
  );
}

/**
 * Whether the bound has not improved for long, ten evaluations in a row, or three that span a fifth of the run's steps:
 * where it was best. Undefined when not, and when the log says so of this best already.
 */
export function plateauOf(
  lines: readonly MetricsLine[],
  totalSteps: number,
): Pick<PlateauLine, "bestStep" | "bestBitsPerDim" | "evaluations"> | undefined {
  const best = bestOf(lines);
  if (!best || lines.some((line) => line.type === "plateau" && line.step > best.step)) return undefined;
  const since = heldOut(lines).filter(({ step }) => step > best.step);
  const span = (since.at(-1)?.step ?? best.step) - best.step;
  const long = since.length >= MANY || (since.length >= FEW && span >= LONG_SHARE * totalSteps);
  return long ? { bestStep: best.step, bestBitsPerDim: best.bitsPerDim, evaluations: since.length } : undefined;
}

/**
 * A plateau as a sentence with advice, which depends on whether the bound on training images kept falling.
 *
 * @param flips - whether images are mirrored already, or cannot be
 */
export function plateauNotice(
  { step, ...plateau }: PlateauLine,
  lines: readonly MetricsLine[],
  flips: boolean,
): string {
  const { bestStep, bestBitsPerDim, evaluations } = plateau;
  const onTraining = (at: number) =>
    lines.find((line) => line.type === "validation" && line.split === "train" && line.step === at) as
      | ValidationLine
      | undefined;
  const [before, now] = [onTraining(bestStep)?.bitsPerDim, onTraining(step)?.bitsPerDim];
  const remedies = ["more images", ...(flips ? [] : ["training.flips=true"]), "a smaller model"].join(", ");
  const change = `${bits(before)} → ${bits(now)}`;
  const overfitting =
    `On training images it kept falling (${change}): the model is memorising them. ` +
    `Stop and use \`checkpoint: "best"\`, or train again with ${remedies}.`;
  const stuck =
    `Nor has that on training images (${change}): more steps at this learning rate may bring little. ` +
    'Stop and use `checkpoint: "best"`, or let it fall to its minimum.';
  const unknown = 'Stop and use `checkpoint: "best"`, or go on if the pictures still become better.';
  const advice = before === undefined || now === undefined ? unknown : before - now >= VISIBLE ? overfitting : stuck;
  return (
    `step ${step}: the bound on held-out images has not improved in ${evaluations} evaluations, since step ${bestStep} ` +
    `(${bits(bestBitsPerDim)} bits/dim). ${advice}`
  );
}

const bits = (bitsPerDim = Number.NaN): string => formatFixed(bitsPerDim, 3);
