/** @file The Inception network of `architecture.ts` as a function of its weights. */
import { lax, numpy as np } from "@jax-js/jax";
import { type Spec, spec } from "../../engine/index.js";
import {
  CLASSES,
  type Convolution,
  FEATURES,
  layers,
  type Pooling,
  type Step,
  unitName,
  units,
} from "./architecture.js";

/** A convolution with batch normalisation folded in: kernel [O, I, h, w] and bias [O]. */
export interface UnitWeights<A> {
  weight: A;
  bias: A;
}

export interface InceptionWeights<A> {
  /** By full name. */
  units: Record<string, UnitWeights<A>>;
  /** [1008, 2048]; the classifier's bias is not used. */
  classifier: A;
}

/** Shapes of all weights. */
export function inceptionSpecs(): InceptionWeights<Spec> {
  const entries = units().map(({ name, shape }) => [name, { weight: spec(shape), bias: spec([shape[0]]) }]);
  return { units: Object.fromEntries(entries), classifier: spec([CLASSES, FEATURES]) };
}

/**
 * What every layer makes of images, by its name in the table. For tracing: layers that are not used cost nothing.
 *
 * @param images - [N, 3, 299, 299], RGB, in about [-1, 1]; owned, as the weights are
 */
export function inceptionLayers(weights: InceptionWeights<np.Array>, images: np.Array): Record<string, np.Array> {
  const outputs: Record<string, np.Array> = {};
  let x = images;
  for (const [layer, step] of Object.entries(layers)) {
    x = run(step, x, layer, weights);
    outputs[layer] = x.ref;
  }
  return outputs;
}

/**
 * What sample quality is measured on:
 *
 * - `pooled` [N, 2048]: the mean of the last layer over its pixels
 * - `spatial` [N, 2023]: the first seven channels of Mixed_6d, which are its `branch1x1` behind ReLU, as (y · 17 + x) · 7 + c
 * - `logits` [N, 1008]: the classifier without its bias, as the Inception score is made of
 *
 * @param layers - as `inceptionLayers` gives them; those two are owned
 * @param classifier - [1008, 2048], owned
 */
export function featuresOf({ Mixed_6d, Mixed_7c }: Record<string, np.Array>, classifier: np.Array) {
  const [n] = Mixed_6d.shape;
  const spatial = Mixed_6d.slice([], [0, SPATIAL_CHANNELS]).transpose([0, 2, 3, 1]).reshape([n, SPATIAL_FEATURES]);
  const pooled = Mixed_7c.mean([2, 3]);
  const logits = np.matmul(pooled.ref, classifier.transpose());
  return { pooled, spatial, logits };
}

const SPATIAL_CHANNELS = 7;
export const SPATIAL_FEATURES = 17 * 17 * SPATIAL_CHANNELS;

function run(step: Step, x: np.Array, layer: string, weights: InceptionWeights<np.Array>): np.Array {
  if (step.kind === "convolution") return convolve(step, x, weights.units[unitName(layer, step)]);
  if (step.kind !== "branches") return pool(step, x);
  const results = step.branches.map((steps) => steps.reduce((each, inner) => run(inner, each, layer, weights), x.ref));
  x.dispose();
  return np.concatenate(results, 1);
}

/** ReLU(kernel ∗ x + bias) */
function convolve({ window, stride, padded, outputs }: Convolution, x: np.Array, weights: UnitWeights<np.Array>) {
  const pads = window.map((size): [number, number] => (padded ? [(size - 1) / 2, (size - 1) / 2] : [0, 0]));
  const convolved = lax.convGeneralDilated(x, weights.weight, [stride, stride], pads);
  return np.maximum(convolved.add(weights.bias.reshape([1, outputs, 1, 1])), 0);
}

/**
 * The largest, or the mean, of windows of 3×3. Zeros around an image are as good as nothing for the largest, since all images
 * here come from ReLU; the mean is of the pixels that are there: 4 in corners, 6 along borders, 9 inside.
 */
function pool({ kind, stride, padded }: Pooling, x: np.Array): np.Array {
  const [, , height, width] = x.shape;
  const pad: [number, number] = padded ? [1, 1] : [0, 0];
  const image = padded ? np.pad(x, [[0, 0], [0, 0], pad, pad]) : x; // biome-ignore format: a table
  const reduce = kind === "max" ? (w: np.Array) => np.max(w) : (w: np.Array) => np.sum(w);
  const reduced = lax.reduceWindow(image, reduce, [3, 3], [stride, stride]);
  return kind === "max" ? reduced : reduced.mul(np.array(realShare(height, width)).reshape([height, width]));
}

/** 1 / (pixels that a padded window of 3×3 finds around each pixel). */
function realShare(height: number, width: number): Float32Array<ArrayBuffer> {
  const real = (size: number, at: number) => Math.min(at + 2, size) - Math.max(at - 1, 0);
  return Float32Array.from({ length: height * width }, (_, place) => {
    return 1 / (real(height, Math.floor(place / width)) * real(width, place % width));
  });
}
