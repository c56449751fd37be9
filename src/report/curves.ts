/** @file The curves of a run as trackers take them: numbers by tag and step. Nats are given as bits per dimension. */
import { bitsPerDim } from "../number-format.js";
import type { MetricsLine, RunLine, TrainLine, ValidationLine } from "../training/run/metrics-log.js";

/** Numbers of one step. */
export interface CurvePoint {
  /** Batches seen. */
  step: number;
  /** When they were measured: milliseconds since 1970. */
  atMs: number;
  /** By tag: what stands before the first slash is a group. */
  scalars: Record<string, number>;
}

/** The points of a log, in order. */
export function curvePoints(lines: readonly MetricsLine[], resolution: number): CurvePoint[] {
  let run: RunLine | undefined;
  return lines.flatMap((line) => {
    if (line.type === "run") run = line;
    if (line.type !== "train" && line.type !== "validation") return [];
    return [{ step: line.step, atMs: timeOf(line, run), scalars: scalarsOf(line, resolution) }];
  });
}

/** A log has the time when a part of a run began, and the training time since. */
function timeOf({ seconds }: TrainLine | ValidationLine, run: RunLine | undefined): number {
  const began = Date.parse(run?.time ?? "");
  return Math.round((Number.isFinite(began) ? began : 0) + 1000 * (seconds - (run?.seconds ?? 0)));
}

/** The numbers of a line by their tags. */
export const scalarsOf = (line: TrainLine | ValidationLine, resolution: number): Record<string, number> =>
  line.type === "train" ? trainScalars(line, resolution) : validationScalars(line, resolution);

function trainScalars(line: TrainLine, resolution: number): Record<string, number> {
  const bits = (nats: number) => bitsPerDim(nats, resolution);
  return {
    "train/loss_bits_per_dim": bits(line.lossNats),
    "train/distortion_bits_per_dim": bits(line.distortionNats),
    "train/kl_bits_per_dim": bits(line.klNats),
    "train/kl_weighted_bits_per_dim": bits(line.klWeightedNats),
    "train/spectral": line.spectral,
    "train/learning_rate": line.learningRate,
    "train/gradient_norm": line.gradientNorm,
    "train/skipped_updates": line.skips,
    "train/images_per_second": line.imagesPerSecond,
    ...groupScalars("kl_group_bits_per_dim", line.groupKlNats.map(bits)),
  };
}

/** Measured with the EMA weights: on held-out images as `validation`, on some of the training set as `train_ema`. */
function validationScalars(line: ValidationLine, resolution: number): Record<string, number> {
  const name = line.split === "validation" ? "validation" : "train_ema";
  return {
    [`${name}/bound_bits_per_dim`]: line.bitsPerDim,
    [`${name}/distortion_bits_per_dim`]: bitsPerDim(line.distortionNats, resolution),
    [`${name}/kl_bits_per_dim`]: bitsPerDim(line.klNats, resolution),
    [`${name}/psnr_db`]: line.psnrDb,
  };
}

/** `name/00`, the lowest resolution first: names in order are groups in order. */
const groupScalars = (name: string, values: number[]): Record<string, number> =>
  Object.fromEntries(values.map((value, group) => [`${name}/${String(group).padStart(2, "0")}`, value]));
