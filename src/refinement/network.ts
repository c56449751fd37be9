/**
 * @file The flow's network: a U-Net over latents of several resolutions at once. Each level takes and gives the
 * latents of its own resolution, so what is global and what is local of a picture are seen together.
 */
import { numpy as np } from "@jax-js/jax";
import { swish } from "../engine/primitives.js";
import { type Attention, attend, attentionParameters } from "../model/attention.js";
import { ForeignName, ParameterSpec } from "../model/index.js";
import {
  type Affine,
  averagePool,
  convolutionParameters,
  convolveAffine,
  dense,
  denseParameters,
  upsampleNearest,
} from "../model/layers.js";

/** What the network is made for. */
export interface FlowShape {
  /** Shape of the latents of each resolution, [C, r, r], lowest first. */
  stacks: readonly (readonly [channels: number, height: number, width: number])[];
  /** Classes of the model; 0 without. */
  classes: number;
}

/** Two convolutions; `modulation` makes scale and shift of the condition. */
type Block<T> = { conv1: Affine<T>; modulation: Affine<T>; conv2: Affine<T> };
/** Blocks of one level on one way, then attention where the level has it. */
type Way<T> = { blocks: Block<T>[]; attention?: Attention<T> };
/** `lower` leads down to the next level and up from it again. */
type Level<T> = {
  input: Affine<T>;
  /** Added to every place after `input`, [1, C, r, r], so that places differ. */
  position: T;
  down: Way<T>;
  up: Way<T>;
  output: Affine<T>;
  lower?: { down: Affine<T>; up: Affine<T>; merge: Affine<T> };
};

/** The network's parameters, levels lowest first. `labels` is a table [classes + 1, E], its last row for no label. */
export type FlowNetwork<T> = { time: { hidden: Affine<T>; output: Affine<T> }; labels?: T; levels: Level<T>[] };

/** No other program has this network. */
const names = ForeignName.model;

/** Channels of the condition, and of the sines and cosines that stand for a time. */
const [CONDITION, FREQUENCIES] = [128, 32];
/** Blocks of a level on either way. */
const BLOCKS = 2;
/** Channels that are normalised together are an eighth of all. */
const NORM_GROUPS = 8;
const LEAST_DEVIATION = 1e-3;

/** Below 4×4 pixels there are no neighbours worth a kernel or attention. */
const isSmall = (resolution: number): boolean => resolution < 4;
/** Channels: the fewer pixels, the cheaper. */
const widthOf = (resolution: number): number => (isSmall(resolution) ? 128 : resolution < 8 ? 96 : 80);

/** Shapes and initial distributions, 1 to 2 million numbers in all. Blocks start as identities and the output as 0. */
export function flowParameters({ stacks, classes }: FlowShape): FlowNetwork<ParameterSpec> {
  const table = new ParameterSpec([classes + 1, CONDITION], { kind: "normal", variance: 1 }, names);
  return {
    time: {
      hidden: denseParameters(names, { from: 2 * FREQUENCIES, to: CONDITION }),
      output: denseParameters(names, { from: CONDITION, to: CONDITION }),
    },
    ...(classes > 0 ? { labels: table } : {}),
    levels: stacks.map(([channels, resolution], index) =>
      levelParameters(channels, resolution, stacks[index - 1]?.[1]),
    ),
  };
}

function levelParameters(channels: number, resolution: number, below: number | undefined): Level<ParameterSpec> {
  const width = widthOf(resolution);
  const kernel = isSmall(resolution) ? 1 : 3;
  const block = (): Block<ParameterSpec> => ({
    conv1: convolutionParameters(names, { from: width, to: width, kernel }),
    modulation: denseParameters(names, { from: CONDITION, to: 2 * width }),
    conv2: convolutionParameters(names, { from: width, to: width, kernel, scale: 0 }),
  });
  const way = (): Way<ParameterSpec> => ({
    blocks: Array.from({ length: BLOCKS }, block),
    ...(isSmall(resolution) ? {} : { attention: attentionParameters(names, width) }),
  });
  const lower = (other: number) => ({
    down: convolutionParameters(names, { from: width, to: other, kernel: 1 }),
    up: convolutionParameters(names, { from: other, to: width, kernel: 1 }),
    merge: convolutionParameters(names, { from: 2 * width, to: width, kernel: 1 }),
  });
  return {
    input: convolutionParameters(names, { from: channels, to: width, kernel }),
    position: new ParameterSpec([1, width, resolution, resolution], { kind: "zeros" }, names),
    down: way(),
    up: way(),
    output: convolutionParameters(names, { from: width, to: channels, kernel, scale: 0 }),
    ...(below === undefined ? {} : { lower: lower(widthOf(below)) }),
  };
}

/** Each eighth of an image's channels with mean 0 and variance 1: [N, C, H, W] → same (Wu & He 2018). Consumes x. */
function groupNorm(x: np.Array): np.Array {
  const { shape } = x;
  const [n, c, h, w] = shape;
  const groups = x.reshape([n, NORM_GROUPS, (c / NORM_GROUPS) * h * w]);
  const mean = groups.ref.mean(2).reshape([n, NORM_GROUPS, 1]);
  const centred = groups.sub(mean);
  const variance = np.square(centred.ref).mean(2).reshape([n, NORM_GROUPS, 1]);
  return centred.div(np.sqrt(variance.add(LEAST_DEVIATION ** 2))).reshape(shape);
}

/**
 * A residual block, its second half modulated by the condition e (as in Dhariwal & Nichol 2021):
 *
 *     (a, b) = W e        x + conv₂( swish( (1 + a) norm(conv₁( swish(norm(x)) )) + b ) )
 *
 * @param x - [N, C, r, r]; consumed
 * @param condition - e, [N, E]; borrowed
 */
function block({ conv1, modulation, conv2 }: Block<np.Array>, x: np.Array, condition: np.Array): np.Array {
  const [n, c] = x.shape;
  const hidden = groupNorm(convolveAffine(conv1, swish(groupNorm(x.ref))));
  const [scale, shift] = np.split(dense(modulation, condition.ref).reshape([n, 2 * c, 1, 1]), 2, 1);
  return x.add(convolveAffine(conv2, swish(hidden.mul(scale.add(1)).add(shift))));
}

function way({ blocks, attention }: Way<np.Array>, x: np.Array, condition: np.Array): np.Array {
  const hidden = blocks.reduce((before, parameters) => block(parameters, before, condition), x);
  return attention ? hidden.ref.add(attend(attention, groupNorm(hidden))) : hidden;
}

/** What the blocks are told: the time, as sines and cosines of 32 frequencies, and the label. [N] each → [N, E]. */
function conditionOf({ time, labels: table }: FlowNetwork<np.Array>, times: np.Array, labels?: np.Array): np.Array {
  const frequencies = Array.from({ length: FREQUENCIES }, (_, i) => 1000 ** (1 - i / FREQUENCIES));
  const angles = times.reshape([-1, 1]).mul(np.array(frequencies).reshape([1, FREQUENCIES])); // [N, 32]
  const features = np.concatenate([np.sin(angles.ref), np.cos(angles)], 1);
  const embedded = dense(time.output, swish(dense(time.hidden, features)));
  return swish(table ? embedded.add(np.take(table.ref, labels!.ref, 0)) : embedded);
}

/**
 * The network: down all levels, then up again, each with the latents of its resolution.
 *
 * @param parameters - borrowed
 * @param latents - with their noise, of variance 1: [N, C, r, r] for each resolution, lowest first; consumed
 * @param times - [N] in [0, 1]; consumed
 * @param labels - int32 [N], `classes` meaning no label, in models with classes; borrowed
 * @returns of the latents' shapes; 0 before training
 */
export function uNet(
  parameters: FlowNetwork<np.Array>,
  latents: readonly np.Array[],
  times: np.Array,
  labels?: np.Array,
): np.Array[] {
  const { levels } = parameters;
  const condition = conditionOf(parameters, times, labels);
  const resolutions = latents.map(({ shape }) => shape[2]);
  const skips: np.Array[] = [];
  let above: np.Array | undefined;
  for (let index = levels.length - 1; index >= 0; index--) {
    const { input, position, down, lower } = levels[index];
    const own = convolveAffine(input, latents[index]).add(position.ref);
    const hidden = way(down, above ? own.add(above) : own, condition);
    above = lower && averagePool(convolveAffine(lower.down, hidden.ref), resolutions[index] / resolutions[index - 1]);
    skips[index] = hidden;
  }
  const outputs: np.Array[] = [];
  let below: np.Array | undefined;
  for (const [index, { up, output, lower }] of levels.entries()) {
    let hidden = skips[index];
    if (lower && below) {
      const factor = resolutions[index] / resolutions[index - 1];
      const raised = upsampleNearest(convolveAffine(lower.up, below), factor);
      hidden = convolveAffine(lower.merge, np.concatenate([hidden, raised], 1));
    }
    below = way(up, hidden, condition);
    outputs.push(convolveAffine(output, below.ref));
  }
  below?.dispose();
  condition.dispose();
  return outputs;
}
