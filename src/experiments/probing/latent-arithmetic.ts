/** @file Latents put together from two images, and moved along the direction that a probe found. */
import type { Images } from "../../data/image-set.js";
import { rows } from "../../inference/batches.js";
import type { BatchedOptions } from "../../inference/execution-options.js";
import { decodeLatents } from "../../inference/sampling/decode-latents.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { permutation, streamKey } from "../../random/index.js";

/** How latents are decoded. */
export interface ArithmeticOptions extends BatchedOptions {
  /** The class that models with classes are told. Default 0. */
  label?: number;
}

/**
 * One image's first K groups and another's rest, for K from 0 (the other image) to all (the first).
 *
 * @param means - posterior means of images, [count, Z, r, r] a group
 * @param pairs - of images, by their rows: whose first groups, whose rest
 * @returns for each K the pictures of all pairs
 */
export async function swapGroups(
  model: TrainedModel,
  means: readonly Float32Array[],
  pairs: readonly [first: number, rest: number][],
  options: ArithmeticOptions = {},
): Promise<Images[]> {
  const count = meansCount(model, means);
  const results: Images[] = [];
  for (let kept = 0; kept <= means.length; kept++) {
    const latents = means.map((values, group) =>
      rows(
        values,
        pairs.map(([first, rest]) => (group < kept ? first : rest)),
        values.length / count,
      ),
    );
    results.push(await decode(model, latents, pairs.length, options));
  }
  return results;
}

/** A direction in the first groups. */
export interface Direction {
  /** Of these groups, one vector each. */
  groups: Float64Array[];
}

/** What a linear probe of the first groups says of two classes. */
export interface DirectionOptions {
  /** A of `LinearProbe`, [known, classes]. */
  coefficients: Float64Array;
  /** Of the known images, [known]. */
  labels: Int32Array;
  classes: number;
  /** How many groups it has seen. */
  kept: number;
  from: number;
  to: number;
  /** Keys the control direction. Default 0. */
  seed?: number;
}

/**
 * The direction in which a probe's logit of one class rises over that of another, Σᵢ xᵢ (Aᵢ,to − Aᵢ,from), as long as the way along
 * it from the mean of the images of the one to that of the other; and a control that is as long: the same weights dealt to the
 * images at random, so that it lies among the same images and says nothing of the classes.
 *
 * @param means - posterior means of images, the known ones first
 */
export function classDirection(
  means: readonly Float32Array[],
  count: number,
  { coefficients, labels, classes, kept, from, to, seed = 0 }: DirectionOptions,
): { found: Direction; control: Direction } {
  const known = labels.length;
  const weights = Float64Array.from(
    { length: known },
    (_, i) => coefficients[i * classes + to] - coefficients[i * classes + from],
  );
  const dealt = permutation(streamKey(seed, "controlDirections"), known);
  const sums = (of: (i: number) => number) => weightedSums(means.slice(0, kept), count, known, of);
  const found = sums((i) => weights[i]);
  const control = sums((i) => weights[dealt[i]]);
  const share = (label: number) => {
    const own = [...labels.keys()].filter((i) => labels[i] === label);
    return sums((i) => (labels[i] === label ? 1 / own.length : 0));
  };
  const [start, end] = [share(from), share(to)];
  const apart = found.map((vector, group) => dot(vector, end[group]) - dot(vector, start[group]));
  const length = norm(found);
  const way = apart.reduce((sum, value) => sum + value, 0) / length;
  const scaled = (groups: Float64Array[], own: number): Direction => ({
    groups: groups.map((vector) => vector.map((value) => (value * way) / own)),
  });
  return { found: scaled(found, length), control: scaled(control, norm(control)) };
}

/**
 * Images moved along a direction in their first groups, the rest as they are.
 *
 * @param images - rows of the means
 * @param steps - how far: 1 is the whole of the direction
 * @returns for each step the pictures of all images
 */
export async function moveAlong(
  model: TrainedModel,
  means: readonly Float32Array[],
  images: readonly number[],
  { groups: direction }: Direction,
  steps: readonly number[],
  options: ArithmeticOptions = {},
): Promise<Images[]> {
  const count = meansCount(model, means);
  const results: Images[] = [];
  for (const step of steps) {
    const latents = means.map((values, group) => {
      const own = rows(values, images, values.length / count);
      const along = direction[group];
      return along ? own.map((value, i) => value + step * along[i % along.length]) : own;
    });
    results.push(await decode(model, latents, images.length, options));
  }
  return results;
}

const decode = (
  model: TrainedModel,
  latents: Float32Array[],
  count: number,
  { label = 0, ...options }: ArithmeticOptions,
): Promise<Images> => {
  const labels = model.config.model.classes > 0 ? new Int32Array(count).fill(label) : undefined;
  return decodeLatents(model, latents, { ...options, labels });
};

/** Images of the means of a model's first group. */
function meansCount({ config }: TrainedModel, means: readonly Float32Array[]): number {
  const { levels, latentChannels } = config.model;
  return means[0].length / (latentChannels * levels[0].resolution ** 2);
}

/** Σ wᵢ (xᵢ − x̄) of the known images, a vector a group. */
function weightedSums(
  means: readonly Float32Array[],
  count: number,
  known: number,
  weight: (i: number) => number,
): Float64Array[] {
  let total = 0;
  for (let i = 0; i < known; i++) total += weight(i);
  return means.map((values) => {
    const size = values.length / count;
    const sum = new Float64Array(size);
    for (let i = 0; i < known; i++) {
      const own = weight(i) - total / known; // takes the mean away
      for (let place = 0; place < size; place++) sum[place] += own * values[i * size + place];
    }
    return sum;
  });
}

const dot = (x: Float64Array, y: Float64Array): number => x.reduce((sum, value, i) => sum + value * y[i], 0);
const norm = (groups: readonly Float64Array[]): number =>
  Math.sqrt(groups.reduce((sum, vector) => sum + dot(vector, vector), 0));
