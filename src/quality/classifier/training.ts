/** @file Training of the classifier: one function, its gradients and an update by Adamax, compiled into one program. */
import { type JsTree, type numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { compile, DeviceArray, leaves, map, type Operand, type Runtime, rebuild, spec } from "../../engine/index.js";
import type { ExecutionOptions } from "../../inference/execution-options.js";
import { adamax } from "../../training/optimizer/adamax.js";
import { momentsOf, type OptimizerState, type UpdateScalars, update } from "../../training/optimizer/update.js";
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
 * One update of a training state by one batch, to be compiled.
 *
 * @param state - consumed
 * @param frequencies - see {@link classificationLoss}
 */
function trainingStep(
  state: OptimizerState<Classifier<np.Array>>,
  images: np.Array,
  labels: np.Array,
  scalars: UpdateScalars<np.Array>,
  frequencies: readonly number[],
): { state: OptimizerState<Classifier<np.Array>>; loss: np.Array } {
  const lossOf = (parameters: Classifier<np.Array>) => classificationLoss(parameters, images, labels, frequencies);
  const parameters = tree.ref(state.parameters as JsTree<np.Array>) as Classifier<np.Array>;
  const [loss, gradients] = valueAndGrad(lossOf)(parameters);
  return { state: update(adamax, state, gradients as Classifier<np.Array>, scalars, ADAMAX), loss };
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
  const classes = examples.frequencies.length;
  const specs = classifierSpecs(classes);
  await using program = await compileStep(examples, runtime);
  const start = initialClassifier(classes, seed);
  const zeros = map(specs, ({ size }) => new Float32Array(size));
  let state: OptimizerState<Classifier<Operand>> = {
    parameters: start,
    ema: start,
    moments: momentsOf(adamax, () => zeros),
  };
  try {
    for (let number = 0; number < steps; number++) {
      signal?.throwIfAborted();
      const { images, labels } = examples.batch(number);
      const rate = LEARNING_RATE * (1 - number / steps);
      const stepSize = Float32Array.of(adamax.scalars(rate, number, ADAMAX).stepSize);
      const emaDecay = Float32Array.of(Math.min(AVERAGE_DECAY, (1 + number) / (10 + number)));
      const after = await program.run(state, images, labels, { stepSize, emaDecay });
      free(state);
      state = after.state;
      onProgress?.({ step: number + 1, steps, loss: after.loss[0] });
    }
    const read = async (values: Operand) => (values instanceof DeviceArray ? await values.read() : values);
    return rebuild(specs, (await Promise.all(leaves(state.ema).map(read))) as Float32Array[]);
  } finally {
    free(state);
  }
}

/** Frees what of a state is on the device: all but the one that training starts from. */
function free(state: OptimizerState<Classifier<Operand>>): void {
  for (const array of leaves(state)) if (array instanceof DeviceArray) array.dispose();
}

/** {@link trainingStep} for batches of examples, as a program. */
function compileStep({ frequencies, side }: Examples, runtime?: Runtime) {
  const specs = classifierSpecs(frequencies.length);
  const state = { parameters: specs, ema: specs, moments: momentsOf(adamax, () => specs) };
  const images = spec([BATCH_SIZE, 3, side, side]);
  const scalars = { stepSize: spec([]), emaDecay: spec([]) };
  const step = (
    before: OptimizerState<Classifier<np.Array>>,
    seen: np.Array,
    shown: np.Array,
    rates: UpdateScalars<np.Array>,
  ) => trainingStep(before, seen, shown, rates, frequencies);
  const args = [state, images, spec([BATCH_SIZE], "int32"), scalars] as const;
  return compile(step, args, { runtime, precision: FEATURE_PRECISION, keepOnDevice: { state: true } });
}
