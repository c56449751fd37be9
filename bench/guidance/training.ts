/** @file Training of the classifier: one function, its gradients and an update by Adamax, compiled into one program. */
import { type JsTree, type numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { Batches } from "../../src/data/batches.js";
import type { ImageSet } from "../../src/data/index.js";
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
} from "../../src/engine/index.js";
import { adamaxStepSize, adamaxUpdate, type OptimizerState } from "../../src/training/adamax.js";
import { shifted } from "./augmentation.js";
import { type Classifier, classificationLoss, classifierSpecs, initialClassifier } from "./classifier.js";

const ADAMAX = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const LEARNING_RATE = 4e-3;
const AVERAGE_DECAY = 0.98;

export interface TrainingOptions {
  /** Passes over the images. */
  epochs: number;
  batchSize: number;
  seed: number;
  runtime?: Runtime;
  /** Told the mean loss of every epoch, nats. */
  onEpoch?: (epoch: number, loss: number) => void;
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
 * Trains a classifier on labelled images, mirrored and moved at random, with a learning rate that falls linearly to 0.
 *
 * @returns the moving average of its parameters
 */
export async function trainClassifier(
  set: ImageSet,
  { epochs, batchSize, seed, runtime, onEpoch }: TrainingOptions,
): Promise<Classifier<Float32Array>> {
  const specs = classifierSpecs(set.classes.length) as Tree<Spec>;
  const program = await compileStep(set, batchSize, runtime);
  const batches = new Batches(set, { batchSize, seed, flips: true });
  const start = initialClassifier(set.classes.length, seed) as Tree<Operand>;
  const zeros = map(specs, ({ size }) => new Float32Array(size)) as Tree<Operand>;
  let state: Tree<Operand> = { parameters: start, ema: start, firstMoment: zeros, infinityNorm: zeros };
  let losses: number[] = [];
  const steps = Math.ceil((epochs * set.count) / batchSize);
  for (let number = 0; number < steps; number++) {
    const { images, labels } = batches.batch(number);
    const moved = shifted(images, set.resolution, seed, number);
    const stepSize = Float32Array.of(adamaxStepSize(LEARNING_RATE * (1 - number / steps), number, ADAMAX));
    const emaDecay = Float32Array.of(Math.min(AVERAGE_DECAY, (1 + number) / (10 + number)));
    const after = (await program.run(state, moved, labels, { stepSize, emaDecay })) as StepResult;
    if (number > 0) dispose(state);
    state = after.state;
    losses.push(after.loss[0]);
    const epoch = Math.floor(((number + 1) * batchSize) / set.count);
    if (epoch > Math.floor((number * batchSize) / set.count)) {
      onEpoch?.(epoch, losses.reduce((sum, loss) => sum + loss, 0) / losses.length);
      losses = [];
    }
  }
  const averages = leaves<DeviceArray>((state as { ema: Tree<DeviceArray> }).ema);
  const values = await Promise.all(averages.map((array) => array.read()));
  dispose(state);
  await program.dispose();
  return rebuild(specs, values) as Classifier<Float32Array>;
}

/** What the compiled step returns: the state stays on the device. */
type StepResult = { state: Tree<Operand>; loss: Float32Array };

/** {@link trainingStep} for batches of a set, as a program. */
function compileStep({ classes, labels, count, resolution }: ImageSet, batchSize: number, runtime?: Runtime) {
  const frequencies = classes.map((_, label) => labels.filter((own) => own === label).length / count);
  const specs = classifierSpecs(classes.length);
  const state = { parameters: specs, ema: specs, firstMoment: specs, infinityNorm: specs } as Tree<Spec>;
  const images = spec([batchSize, 3, resolution, resolution]);
  const scalars = { stepSize: spec([]), emaDecay: spec([]) };
  const step = (...[before, seen, shown, rates]: Parameters<typeof trainingStep>) =>
    trainingStep(before, seen, shown, rates, frequencies);
  return compile(step as never, [state, images, spec([batchSize], "int32"), scalars], {
    runtime,
    keep: { state: true },
  });
}

function dispose(state: Tree<Operand>): void {
  for (const array of leaves<DeviceArray>(state as Tree<DeviceArray>)) array.dispose();
}
