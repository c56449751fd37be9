/** @file What `inspect` says of a run besides its model: how far it is, on which images, how well, what is saved. */

import type { Calibration } from "../../experiments/calibration/settings.js";
import type { HeadStatus } from "../../heads/head-status.js";
import { formatBytes, formatCount, formatDuration, formatFixed } from "../../number-format.js";
import type { RefinementStatus } from "../../refinement/refinement-status.js";
import type { CheckpointStatus, RunStatus } from "../../training/run/run-status.js";
import { inFlags } from "../advice.js";
import { calibrationLine } from "../output/calibration-text.js";
import { facts } from "../output/table.js";

/** Checkpoints that are named one by one: the newest. */
const NAMED = 6;

/** What was made of a run after its training. */
interface MadeOfRun {
  calibration?: Calibration;
  refinement?: RefinementStatus & { calibration?: Calibration };
  heads?: readonly HeadStatus[];
}

/** The state of a run for people, with what was made of it: sampling settings, a refinement, heads. */
export function runText(
  folder: string,
  status: RunStatus,
  { calibration, refinement, heads = [] }: MadeOfRun = {},
): string {
  const lines: [string, string][] = [
    ["run", folder],
    ["training", trainingText(status)],
    ["step", stepText(status)],
    ["trained", trainedText(status)],
    ["data", dataText(status)],
    ["best bound", boundText(status)],
    ["checkpoints", checkpointsText(status.checkpoints)],
  ];
  if (calibration) lines.push(["calibrated", calibrationLine(calibration, status.checkpoints.at(-1)?.step ?? 0)]);
  if (refinement) lines.push(["refinement", refinementText(refinement)]);
  if (refinement?.calibration) {
    lines.push(["… calibrated", calibrationLine(refinement.calibration, refinement.step)]);
  }
  if (heads.length > 0) lines.push(["heads", headsText(heads)]);
  return [facts(lines), ...status.notices.map(inFlags)].join("\n");
}

function trainingText({ trainers }: RunStatus): string {
  if (trainers.length === 0) return "not now";
  return trainers.map(({ pid, host, since }) => `now, by process ${pid} on ${host}, since ${since}`).join("; ");
}

function stepText({ step, totalSteps, images, data, checkpoints }: RunStatus): string {
  if (step === 0 && images === 0 && checkpoints.length > 0) return "not known";
  const times = data.count > 0 ? `, each ${formatFixed(images / data.count, 1)} times` : "";
  const saved = checkpoints.at(-1)?.step ?? 0;
  const unsaved = saved < step ? `; saved up to step ${formatCount(saved)}` : "";
  return `${formatCount(step)} of ${formatCount(totalSteps)}, ${formatCount(images)} images${times}${unsaved}`;
}

function trainedText({ seconds, computed }: RunStatus): string {
  if (seconds === null || !computed) return "elsewhere, or its log is gone";
  const { device, threads, version } = computed;
  const where = device === "cpu" ? `the CPU with ${threads} threads` : device;
  return `${formatDuration(seconds)}, last on ${where} by strata ${version}`;
}

function dataText({ data: { name, count, heldOut, classes } }: RunStatus): string {
  if (count === 0) return name;
  const held = heldOut === null ? "" : `, ${formatCount(heldOut)} held out`;
  return `${name}: ${formatCount(count)} images to train on${held}, ${classes.length || "no"} classes`;
}

function boundText({ best, last }: RunStatus): string {
  const bound = ({ step, bitsPerDim }: { step: number; bitsPerDim: number }) =>
    `${formatFixed(bitsPerDim, 3)} bits/dim at step ${formatCount(step)}`;
  if (!best) return last ? `none of a checkpoint that is kept; the last ${bound(last)}` : "not measured yet";
  return last && last.step !== best.step ? `${bound(best)}; the last ${bound(last)}` : bound(best);
}

const refinementText = ({ groups, step }: RefinementStatus): string =>
  `of the first ${formatCount(groups)} groups, step ${formatCount(step)}: sample --refined`;

const headsText = (heads: readonly HeadStatus[]): string =>
  `${heads.map(({ head, step }) => `${head}, step ${formatCount(step)}`).join("; ")}: evaluate --metrics nll, sample --with-head`;

function checkpointsText(checkpoints: readonly CheckpointStatus[]): string {
  if (checkpoints.length === 0) return "none";
  const named = checkpoints.slice(-NAMED).map(({ step }) => formatCount(step));
  const before = checkpoints.length - named.length;
  const earlier = before > 0 ? `${before} earlier and ` : "";
  const bytes = checkpoints.reduce((sum, checkpoint) => sum + checkpoint.bytes, 0);
  return `${earlier}${named.length > 1 ? "steps" : "step"} ${named.join("  ")}, ${formatBytes(bytes)} in all`;
}
