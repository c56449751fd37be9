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

type State<T> = OptimizerState<Classifier<T>>;
type Scalars<T> = { stepSize: T; emaDecay: T };

/**
 * One update of a training state by one batch, to be compiled.
 *
 * @param state - consumed
 * @param frequencies - see {@link classificationLoss}
 */
export function trainingStep(
  state: State<np.Array>,
  images: np.Array,
  labels: np.Array,
  scalars: Scalars<np.Array>,
  frequencies: readonly number[],
): { state: State<np.Array>; loss: np.Array } {
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
  const classes = set.classes.length;
  const frequencies = set.classes.map((_, label) => set.labels.filter((own) => own === label).length / set.count);
  const specs = classifierSpecs(classes);
  const step = (...[state, images, labels, scalars]: Parameters<typeof trainingStep>) =>
    trainingStep(state, images, labels, scalars, frequencies);
  const inputs = [spec([batchSize, 3, set.resolution, set.resolution]), spec([batchSize], "int32")];
  const scalars = { stepSize: spec([]), emaDecay: spec([]) };
  const states = { parameters: specs, ema: specs, firstMoment: specs, infinityNorm: specs };
  const program = await compile(step as never, [states as Tree<Spec>, ...inputs, scalars], {
    ...{ runtime, keep: { state: true } },
  });

  const start = initialClassifier(classes, seed) as Tree<Operand>;
  const zeros = map(specs as Tree<Spec>, ({ size }) => new Float32Array(size)) as Tree<Operand>;
  let state: Tree<Operand> = { parameters: start, ema: start, firstMoment: zeros, infinityNorm: zeros };
  const batches = new Batches(set, { batchSize, seed, flips: true });
  const steps = Math.ceil((epochs * set.count) / batchSize);
  let losses: number[] = [];
  for (let number = 0; number < steps; number++) {
    const { images, labels } = batches.batch(number);
    const moved = shifted(images, set.resolution, seed, number);
    const stepSize = Float32Array.of(adamaxStepSize(LEARNING_RATE * (1 - number / steps), number, ADAMAX));
    const emaDecay = Float32Array.of(Math.min(AVERAGE_DECAY, (1 + number) / (10 + number)));
    const after = (await program.run(state, moved, labels, { stepSize, emaDecay })) as Result;
    if (number > 0) dispose(state);
    state = after.state;
    losses.push(after.loss[0]);
    const epoch = Math.floor(((number + 1) * batchSize) / set.count);
    if (epoch > Math.floor((number * batchSize) / set.count)) {
      onEpoch?.(epoch, losses.reduce((sum, loss) => sum + loss, 0) / losses.length);
      losses = [];
    }
  }
  const { ema } = state as unknown as State<DeviceArray>;
  const values = await Promise.all(leaves<DeviceArray>(ema as Tree<DeviceArray>).map((array) => array.read()));
  dispose(state);
  await program.dispose();
  return rebuild(specs as Tree<Spec>, values) as Classifier<Float32Array>;
}

/** What the compiled step returns: the state stays on the device. */
type Result = { state: Tree<Operand>; loss: Float32Array };

function dispose(state: Tree<Operand>): void {
  for (const array of leaves<DeviceArray>(state as Tree<DeviceArray>)) array.dispose();
}
