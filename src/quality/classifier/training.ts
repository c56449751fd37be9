/** @file Training of the classifier, by Adamax. */
import type { numpy as np } from "@jax-js/jax";
import { spec } from "../../engine/index.js";
import type { ExecutionOptions } from "../../inference/execution-options.js";
import { adamax } from "../../training/optimizer/adamax.js";
import { SmallTrainer } from "../../training/optimizer/small-trainer.js";
import { FEATURE_PRECISION } from "../features/extractor.js";
import { BATCH_SIZE, type Examples } from "./examples.js";
import { type Classifier, classificationLoss, classifierSpecs, initialClassifier } from "./network.js";

const ADAMAX = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const LEARNING_RATE = 4e-3;
const AVERAGE_DECAY = 0.98;

/** How far training has come. */
export interface ClassifierProgress {
  /** Updates made, and to be made in all. */
  step: number;
  steps: number;
  /** Of the batch of the last update, nats. */
  loss: number;
}

export interface ClassifierTrainingOptions extends ExecutionOptions {
  /** Updates to make. */
  steps: number;
  seed: number;
  onProgress?: (progress: ClassifierProgress) => void;
}

/**
 * Trains a classifier on batches of {@link BATCH_SIZE} examples, with a learning rate that falls linearly to 0.
 *
 * @returns the moving average of its parameters
 * @throws the signal's reason when aborted
 */
export async function trainClassifier(
  examples: Examples,
  { steps, seed, runtime, signal, onProgress }: ClassifierTrainingOptions,
): Promise<Classifier<Float32Array>> {
  const { frequencies, side } = examples;
  const classes = frequencies.length;
  await using trainer = await SmallTrainer.create(
    {
      optimizer: adamax,
      constants: ADAMAX,
      parameters: classifierSpecs(classes),
      batch: { images: spec([BATCH_SIZE, 3, side, side]), labels: spec([BATCH_SIZE], "int32") },
      loss: (parameters: Classifier<np.Array>, { images, labels }: { images: np.Array; labels: np.Array }) =>
        classificationLoss(parameters, images, labels, frequencies),
      precision: FEATURE_PRECISION,
      runtime,
    },
    { parameters: initialClassifier(classes, seed) },
  );
  for (let number = 0; number < steps; number++) {
    signal?.throwIfAborted();
    const learningRate = LEARNING_RATE * (1 - number / steps);
    const emaDecay = Math.min(AVERAGE_DECAY, (1 + number) / (10 + number));
    const loss = await trainer.step(examples.batch(number), { learningRate, emaDecay });
    onProgress?.({ step: number + 1, steps, loss });
  }
  return (await trainer.read()).ema;
}
