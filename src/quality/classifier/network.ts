/** @file A small classifier of images, as pure functions of its parameters. */
import { nn, numpy as np } from "@jax-js/jax";
import { map, type Spec, spec } from "../../engine/index.js";
import { swish } from "../../engine/primitives.js";
import { type Affine, averagePool, convolveAffine, dense } from "../../model/layers.js";
import { residualBlock } from "../../model/residual-block.js";
import { foldIn, keyFromSeed, uniform } from "../../random/index.js";

/** A convolution at full size, then a level for every halving of the image, then one layer over the mean of all pixels. */
export type Classifier<T> = {
  input: Affine<T>;
  levels: { widen: Affine<T>; block: { conv1: Affine<T>; conv2: Affine<T> } }[];
  output: Affine<T>;
};

const INPUT_WIDTH = 24;
/** Channels at a half, a quarter and an eighth of the image's side. */
const WIDTHS = [48, 96, 128];

/** Numbers that make up an image's vector. */
export const FEATURES = WIDTHS[WIDTHS.length - 1];

/** Shapes of the parameters: 0.5 million numbers. */
export function classifierSpecs(classes: number): Classifier<Spec> {
  const conv = (from: number, to: number): Affine<Spec> => ({ weight: spec([to, from, 3, 3]), bias: spec([to]) });
  return {
    input: conv(3, INPUT_WIDTH),
    levels: WIDTHS.map((width, level) => ({
      widen: conv(WIDTHS[level - 1] ?? INPUT_WIDTH, width),
      block: { conv1: conv(width, width), conv2: conv(width, width) },
    })),
    output: { weight: spec([classes, FEATURES]), bias: spec([classes]) },
  };
}

/** Initial parameters: Glorot uniform weights, biases of 0. */
export function initialClassifier(classes: number, seed: number): Classifier<Float32Array> {
  let next = 0;
  return map(classifierSpecs(classes), ({ shape, size }) => {
    const [to, from, ...kernel] = shape;
    const key = foldIn(keyFromSeed(seed), next++);
    if (from === undefined) return new Float32Array(size);
    const limit = Math.sqrt(6 / ((to + from) * kernel.reduce((area, side) => area * side, 1)));
    return uniform(key, size).map((value) => (2 * value - 1) * limit);
  }) as Classifier<Float32Array>;
}

/**
 * What the classifier makes of images.
 *
 * @param images - [N, 3, R, R] in [-1, 1], R divisible by 8; consumed
 * @returns `features` [N, 128], the mean over all pixels, and `logits` [N, K], linear in them
 */
export function classify({ input, levels, output }: Classifier<np.Array>, images: np.Array) {
  let x = convolveAffine(input, images);
  for (const { widen, block } of levels) {
    x = residualBlock(block, convolveAffine(widen, averagePool(swish(x), 2)));
  }
  const features = swish(x).mean([2, 3]);
  return { features, logits: dense(output, features.ref) };
}

/**
 * Cross-entropy, mean over the batch, with logits shifted by the logarithm of each class's frequency: so that the logits
 * themselves, without the shift, favour no class for being common (Menon et al. 2021).
 *
 * @param labels - int32 [N]; consumed
 * @param frequencies - share of every class among the training images, [K], above 0
 * @returns scalar, nats
 */
export function classificationLoss(
  parameters: Classifier<np.Array>,
  images: np.Array,
  labels: np.Array,
  frequencies: readonly number[],
): np.Array {
  const { features, logits } = classify(parameters, images);
  features.dispose();
  const shifted = logits.add(np.array(frequencies.map(Math.log)));
  return nn.logSoftmax(shifted, -1).mul(nn.oneHot(labels, frequencies.length)).sum(1).mean().neg();
}
