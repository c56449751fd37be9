/** @file Training of the classifier: one function, its gradients and an update by Adamax, compiled into one program. */
import { type JsTree, type numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import {
  compile,
  type DeviceArray,
  leaves,
  map,
  type Operand,
  type Runtime,
  rebuild,
  type Spec,
  spec,
  type Tree,
} from "../../engine/index.js";
import { adamaxStepSize, adamaxUpdate, type OptimizerState } from "../../training/adamax.js";
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

export interface ClassifierTrainingOptions {
  /** Updates to make. */
  steps: number;
  seed: number;
  runtime?: Runtime;
  signal?: AbortSignal;
  onProgress?: (progress: ClassifierProgress) => void;
}

/**
 * One update of a training state by one batch, to be compiled.
 *
 * @param state - consumed
 * @param frequencies - see {@link classificationLoss}
 */
export function trainingStep(
  state: OptimizerState<Classifier<np.Array>>,
  images: np.Array,
  labels: np.Array,
  scalars: { stepSize: np.Array; emaDecay: np.Array },
  frequencies: readonly number[],
): { state: OptimizerState<Classifier<np.Array>>; loss: np.Array } {
  const lossOf = (parameters: Classifier<np.Array>) => classificationLoss(parameters, images, labels, frequencies);
  const parameters = tree.ref(state.parameters as JsTree<np.Array>) as Classifier<np.Array>;
  const [loss, gradients] = valueAndGrad(lossOf)(parameters);
  return { state: adamaxUpdate(state, gradients as Classifier<np.Array>, scalars, ADAMAX), loss };
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
  const specs = classifierSpecs(classes) as Tree<Spec>;
  const program = await compileStep(examples, runtime);
  const start = initialClassifier(classes, seed) as Tree<Operand>;
  const zeros = map(specs, ({ size }) => new Float32Array(size)) as Tree<Operand>;
  let state: Tree<Operand> = { parameters: start, ema: start, firstMoment: zeros, infinityNorm: zeros };
  let onDevice = false;
  try {
    for (let number = 0; number < steps; number++) {
      signal?.throwIfAborted();
      const { images, labels } = examples.batch(number);
      const stepSize = Float32Array.of(adamaxStepSize(LEARNING_RATE * (1 - number / steps), number, ADAMAX));
      const emaDecay = Float32Array.of(Math.min(AVERAGE_DECAY, (1 + number) / (10 + number)));
      const after = (await program.run(state, images, labels, { stepSize, emaDecay })) as StepResult;
      if (onDevice) dispose(state);
      state = after.state;
      onDevice = true;
      onProgress?.({ step: number + 1, steps, loss: after.loss[0] });
    }
    const averages = leaves<DeviceArray>((state as { ema: Tree<DeviceArray> }).ema);
    const values = await Promise.all(averages.map((array) => array.read()));
    return rebuild(specs, values) as Classifier<Float32Array>;
  } finally {
    if (onDevice) dispose(state);
    await program.dispose();
  }
}

/** What the compiled step returns: the state stays on the device. */
type StepResult = { state: Tree<Operand>; loss: Float32Array };

/** {@link trainingStep} for batches of examples, as a program. */
function compileStep({ frequencies, side }: Examples, runtime?: Runtime) {
  const specs = classifierSpecs(frequencies.length);
  const state = { parameters: specs, ema: specs, firstMoment: specs, infinityNorm: specs } as Tree<Spec>;
  const images = spec([BATCH_SIZE, 3, side, side]);
  const scalars = { stepSize: spec([]), emaDecay: spec([]) };
  const step = (...[before, seen, shown, rates]: Parameters<typeof trainingStep>) =>
    trainingStep(before, seen, shown, rates, frequencies);
  return compile(step as never, [state, images, spec([BATCH_SIZE], "int32"), scalars], {
    runtime,
    keep: { state: true },
  });
}

function dispose(state: Tree<Operand>): void {
  for (const array of leaves<DeviceArray>(state as Tree<DeviceArray>)) array.dispose();
}
