/** @file What a trained classifier makes of pictures: how many look like their label, and whether they differ. */
import type { numpy as np } from "@jax-js/jax";
import {
  compile,
  type Program,
  type Runtime,
  type Spec,
  spec,
  type Tree,
  type TypedArray,
} from "../../src/engine/index.js";
import { portions, rows } from "../../src/generation/batches.js";
import { fromBytes, type Pictures } from "../../src/generation/pictures.js";
import { type Classifier, classifierSpecs, classify } from "./classifier.js";

const BATCH = 64;

/** What is made of pictures. */
export interface Judgement {
  /** The likeliest class of each, [count]. */
  classes: Int32Array;
  /** Features of length 1, [count, width]. */
  features: Float32Array[];
}

/** A classifier ready to judge pictures of one size. */
export class Judge {
  private constructor(readonly program: Program) {}

  static async create(weights: Classifier<Float32Array>, resolution: number, runtime?: Runtime): Promise<Judge> {
    const specs = classifierSpecs(weights.output.bias.length) as Tree<Spec>;
    const images = spec([BATCH, 3, resolution, resolution]);
    const fn = (parameters: Classifier<np.Array>, x: np.Array) => classify(parameters, x);
    const constants = [weights as Tree<TypedArray>];
    return new Judge(await compile(fn as never, [specs, images], { runtime, constants }));
  }

  async judge({ images, count, resolution }: Pictures): Promise<Judgement> {
    const classes = new Int32Array(count);
    const features: Float32Array[] = [];
    for (const { indices, first, used } of portions(count, BATCH)) {
      const batch = fromBytes(rows(images, indices, 3 * resolution ** 2));
      const seen = (await this.program.run(batch)) as { logits: Float32Array; features: Float32Array };
      for (let row = 0; row < used; row++) {
        classes[first + row] = largest(rowOf(seen.logits, row));
        features.push(unit(rowOf(seen.features, row)));
      }
    }
    return { classes, features };
  }

  dispose(): Promise<void> {
    return this.program.dispose();
  }
}

const rowOf = (values: Float32Array, row: number): Float32Array => {
  const width = values.length / BATCH;
  return values.slice(row * width, (row + 1) * width);
};

const largest = (values: Float32Array): number => values.indexOf(Math.max(...values));

function unit(values: Float32Array): Float32Array {
  const length = Math.hypot(...values) || 1;
  return values.map((value) => value / length);
}

/**
 * How far `right` of `count` may be from the truth: the interval of Wilson (1927) at 95 %.
 *
 * @returns shares from 0 to 1
 */
export function interval(right: number, count: number): [low: number, high: number] {
  const z = 1.96;
  const share = right / count;
  const middle = share + z ** 2 / (2 * count);
  const reach = z * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  const scale = 1 + z ** 2 / count;
  return [(middle - reach) / scale, (middle + reach) / scale];
}

/** Mean Euclidean distance of all pairs. */
export function meanDistance(features: readonly Float32Array[]): number {
  let sum = 0;
  for (let i = 0; i < features.length; i++) {
    for (let j = 0; j < i; j++) sum += distance(features[i], features[j]);
  }
  return sum / ((features.length * (features.length - 1)) / 2);
}

/** How many of the `references` are the nearest to at least one of `features`. */
export function distinctNearest(features: readonly Float32Array[], references: readonly Float32Array[]): number {
  const nearest = features.map((own) => {
    const distances = references.map((reference) => distance(own, reference));
    return distances.indexOf(Math.min(...distances));
  });
  return new Set(nearest).size;
}

function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum);
}
