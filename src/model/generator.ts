/** @file The generator (paper §2): one top-down pass that serves training, sampling, guidance and partial reconstruction. */
import { numpy as np } from "@jax-js/jax";
import type { ModelConfig } from "../config/index.js";
import { type Attention, attention, attentionPlaces } from "./attention.js";
import { type Group, groups } from "./groups.js";
import type { DiagonalGaussian } from "./latent.js";
import { type Affine, convolutionParameters, convolveAffine, upsampleNearest } from "./layers.js";
import { levelAttention, levelList, positionParameters, resamplingParameters } from "./level.js";
import { ForeignName, ParameterSpec } from "./parameter.js";
import { type Block, residualBlock, residualBlockParameters } from "./residual-block.js";
import {
  type ChooseLatent,
  layerPosterior,
  type StochasticLayer,
  stochasticLayer,
  stochasticLayerParameters,
} from "./stochastic-layer.js";

/** `up` leads to the level above, where that has another number of channels. */
type GeneratorLevel<T> = { position?: T; layers: StochasticLayer<T>[]; attention?: Attention<T>[]; up?: Affine<T> };
/** `initial` is the state that a base model starts from, [1, C, r, r]. */
export type Generator<T> = { initial?: T; levels: GeneratorLevel<T>[]; finalBlocks: Block<T>[]; output: Affine<T> };

/** The authors' model is the generator; encoder and U-Net are modules of it. */
export const authorsModel = ForeignName.model.parts({
  initial: "initial_x",
  encoder: "encoder",
  uNet: "process_lowres_image",
  levels: "layer_list",
  finalBlocks: "output_blocks",
  output: "outproj",
});

/**
 * The generator's parameters. Last convolutions of shared and final blocks, and W_z, start at 1/√L of their usual scale, with L
 * stochastic layers.
 *
 * @param outputChannels - channels of the last convolution
 */
export function generatorParameters(model: ModelConfig, outputChannels: number): Generator<ParameterSpec> {
  const { levels, classes, latentChannels } = model;
  const scale = 1 / Math.sqrt(levels.reduce((sum, { stochasticLayers }) => sum + stochasticLayers, 0));
  const [lowest, highest] = [levels[0], levels[levels.length - 1]];
  const initial = [1, lowest.channels, lowest.resolution, lowest.resolution];
  return {
    ...(model.superResolution ? {} : { initial: new ParameterSpec(initial, { kind: "zeros" }, authorsModel.initial) }),
    levels: levels.map(({ resolution, channels, stochasticLayers, attention: count }, index) => {
      const places = attentionPlaces(stochasticLayers, count).generator;
      const list = levelList(authorsModel.levels.element(index), stochasticLayers, places);
      const above = levels[index + 1];
      return {
        ...(model.positions && index > 0 ? { position: positionParameters(channels, resolution) } : {}),
        layers: list.layers.map((names) =>
          stochasticLayerParameters(names, { channels, latentChannels, resolution, scale, classes }),
        ),
        ...levelAttention(list, channels),
        ...(above && above.channels !== channels
          ? { up: resamplingParameters(list, { from: channels, to: above.channels }) }
          : {}),
      };
    }),
    finalBlocks: Array.from({ length: model.finalBlocks }, (_, index) => {
      const { channels, resolution } = highest;
      return residualBlockParameters(authorsModel.finalBlocks.element(index), {
        channels,
        resolution,
        scale,
        classes: 0,
      });
    }),
    output: convolutionParameters(authorsModel.output, { from: highest.channels, to: outputChannels, kernel: 1 }),
  };
}

/**
 * The posterior q(z_i | z_<i, x) of one group.
 *
 * @param hidden - the generator's state before the group, [N, C, r, r]; borrowed
 * @param activations - of all levels, from `encode`; borrowed
 * @param labels - the true labels, int32 [N], in class-conditional models; borrowed
 * @returns [N, Z, r, r] each
 */
export function posterior(
  parameters: { generator: Generator<np.Array> },
  group: Group,
  hidden: np.Array,
  activations: np.Array[],
  labels?: np.Array,
): DiagonalGaussian {
  const { layers } = parameters.generator.levels[group.level];
  return layerPosterior(layers[group.layer], hidden, activations[group.level], labels);
}

/** The learned state from which every image of a base model starts, [N, C, r, r]. */
export function learnedInitialState({ initial }: Generator<np.Array>, count: number): np.Array {
  if (!initial) {
    throw new Error(
      "expected a base model, got a super-resolution model; its initial state comes from the U-Net over an image",
    );
  }
  const [, channels, height, width] = initial.shape;
  return np.broadcastTo(initial.ref, [count, channels, height, width]);
}

/** What a top-down pass starts from, and how each of its latents is chosen. */
export interface TopDownOptions {
  /** Hidden state to start from, [N, C, r, r] at the lowest level's resolution; consumed. */
  initial: np.Array;
  /** What prior and shared blocks see, int32 [N], `classes` meaning no label; borrowed. */
  labels?: np.Array;
  /** Called once a group, in order. */
  chooseLatent: ChooseLatent;
}

/**
 * The output distribution's parameters, of {@link topDownFeatures}: [N, C, H, W] → [N, outC, H, W].
 *
 * @param parameters - borrowed
 * @param features - consumed
 */
export const outputOf = ({ generator }: { generator: Generator<np.Array> }, features: np.Array): np.Array =>
  convolveAffine(generator.output, features);

/**
 * The top-down pass: every latent group in turn, attention and upsampling, then the output layers.
 *
 * @param parameters - borrowed
 * @returns the output distribution's parameters, [N, outC, H, W]
 */
export function topDown(
  parameters: { generator: Generator<np.Array> },
  model: ModelConfig,
  options: TopDownOptions,
): np.Array {
  return outputOf(parameters, topDownFeatures(parameters, model, options));
}

/**
 * The top-down pass up to the last convolution: all that the output distribution's parameters follow from.
 *
 * @param parameters - borrowed
 * @returns [N, C, H, W] with the channels of the highest level
 */
export function topDownFeatures(
  parameters: { generator: Generator<np.Array> },
  model: ModelConfig,
  { initial, labels, chooseLatent }: TopDownOptions,
): np.Array {
  const { generator } = parameters;
  const all = groups(model);
  let hidden = initial;
  for (const [index, { resolution, stochasticLayers, attention: count }] of model.levels.entries()) {
    const level = generator.levels[index];
    const places = attentionPlaces(stochasticLayers, count).generator;
    if (level.position) hidden = hidden.add(level.position.ref);
    for (const group of all.filter((candidate) => candidate.level === index)) {
      hidden = stochasticLayer(level.layers[group.layer], group, hidden, labels, chooseLatent);
      const place = places.indexOf(group.layer);
      if (place >= 0) hidden = attention(level.attention![place], hidden);
    }
    const above = model.levels[index + 1];
    if (above) hidden = upsampleNearest(hidden, above.resolution / resolution);
    if (level.up) hidden = convolveAffine(level.up, hidden);
  }
  return generator.finalBlocks.reduce((x, block) => residualBlock(block, x), hidden);
}
