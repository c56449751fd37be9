/** @file What a training run tells, as event files that TensorBoard shows. */
import { UserError } from "../errors.js";
import { imageGrid, reconstructionGrid } from "../inference/picture-grid.js";
import { TensorBoardWriter } from "../io/tensorboard.js";
import { bitsPerDim } from "../number-format.js";
import type { TrainingEvent } from "../training/events.js";
import type { TrainLine, ValidationLine } from "../training/run/metrics-log.js";

/** Images in a row, as in the run's `samples`. */
const COLUMNS = 8;

/**
 * Writes the events of a training run into `folder` as they come. Steps are batches seen; nats are written as bits per
 * dimension. A run that resumes begins a new file, which takes the place of what came after its checkpoint.
 *
 * @param resolution - of the images
 * @param onNotice - called with a sentence when a file can no longer be written: training continues without
 * @returns the handler to give to `train`; it throws a `UserError` when the run starts and the folder cannot be written
 */
export function tensorBoardListener(
  folder: string,
  resolution: number,
  onNotice: (message: string) => void,
): (event: TrainingEvent) => Promise<void> {
  let writer: TensorBoardWriter | undefined;
  return async (event) => {
    if (event.type === "start") writer = new TensorBoardWriter(folder, event.step + 1); // what led up to here stays
    try {
      if (writer) await write(writer, event, resolution);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      writer = undefined;
      onNotice(`${error.message} Training continues without event files for TensorBoard.`);
    }
  };
}

async function write(writer: TensorBoardWriter, event: TrainingEvent, resolution: number): Promise<void> {
  if (event.type === "metrics") writer.scalars(event.line.step, trainScalars(event.line, resolution));
  if (event.type === "validation") writer.scalars(event.line.step, validationScalars(event.line, resolution));
  if (event.type !== "pictures") return;
  const { step, samples, originals, reconstructions } = event;
  writer.image(step, "pictures/samples", await imageGrid(samples, COLUMNS));
  writer.image(step, "pictures/reconstructions", await reconstructionGrid(originals, reconstructions, COLUMNS));
}

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
