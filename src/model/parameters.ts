/** @file The parameters of a model: their tree, and the shape and initial distribution of each, without allocating any. */
import type { ModelConfig } from "../config/index.js";
import { attentionPlaces } from "./attention-places.js";

/** Initial distribution of a parameter; `scale` multiplies the drawn values. */
export type Initialiser =
  | { kind: "zeros" }
  | { kind: "glorot-uniform"; scale: number }
  | { kind: "lecun-normal" }
  | { kind: "normal"; variance: number };

/** A parameter that need not exist yet. */
export class ParameterSpec {
  constructor(
    readonly shape: number[],
    readonly init: Initialiser,
  ) {}
}

/** A convolution's kernel [O, I, k, k] or a dense layer's matrix [O, I], and its bias [O]. */
export type Affine<T> = { weight: T; bias: T };
/** A class bias: embedding table [classes + 1, c/4], projected to the block's input channels. */
export type LabelBias<T> = { embedding: T; weight: T; bias: T };
export type Block<T> = { label?: LabelBias<T>; conv1: Affine<T>; conv2: Affine<T> };
/** Fused query-key projection and fused value-output projection, both [c, c]. */
export type Attention<T> = { query: Affine<T>; output: Affine<T> };
export type EncoderLevel<T> = { blocks: Block<T>[]; attention?: Attention<T>[]; down?: Affine<T> };
export type Encoder<T> = { input: Affine<T>; levels: EncoderLevel<T>[] };
/** One latent group; `latent` is the 1×1 convolution, without bias, from z to the hidden state. */
export type StochasticLayer<T> = { prior: Block<T>; posterior: Block<T>; latent: { weight: T }; shared: Block<T> };
type GeneratorLevel<T> = { layers: StochasticLayer<T>[]; attention?: Attention<T>[]; up?: Affine<T> };
type Generator<T> = { initial?: T; levels: GeneratorLevel<T>[]; finalBlocks: Block<T>[]; output: Affine<T> };
/** On the way up a convolution merges the skip connection before every block. */
type UNetLevel<T> = { down: Block<T>[]; up: { merge: Affine<T>; block: Block<T> }[] };
/** The U-Net over the low-resolution image, highest resolution first. */
export type UNet<T> = { input: Affine<T>; levels: UNetLevel<T>[] };

/**
 * All parameters, with leaves T: arrays while computing, typed arrays on the host, `ParameterSpec` before either exists.
 * Levels are indexed as in the configuration, lowest resolution first.
 */
export type ModelParameters<T> = { encoder: Encoder<T>; generator: Generator<T>; superResolution?: UNet<T> };

const zeros = (...shape: number[]) => new ParameterSpec(shape, { kind: "zeros" });

function conv(outChannels: number, inChannels: number, kernel: number, scale = 1): Affine<ParameterSpec> {
  const weight = new ParameterSpec([outChannels, inChannels, kernel, kernel], { kind: "glorot-uniform", scale });
  return { weight, bias: zeros(outChannels) };
}

/** Convolutions of residual blocks are 3×3 where the image is large enough for it, 1×1 below. */
const kernelAt = (resolution: number): number => (resolution >= 4 ? 3 : 1);

interface BlockShape {
  from: number;
  width: number;
  to: number;
  resolution: number;
  scale: number;
  classes: number;
}

function block({ from, width, to, resolution, scale, classes }: BlockShape): Block<ParameterSpec> {
  const kernel = kernelAt(resolution);
  const convolutions = { conv1: conv(width, from, kernel), conv2: conv(to, width, kernel, scale) };
  if (classes === 0) return convolutions;
  const embedded = Math.floor(width / 4);
  const label = {
    embedding: new ParameterSpec([classes + 1, embedded], { kind: "normal", variance: 1 / embedded }),
    weight: new ParameterSpec([from, embedded], { kind: "lecun-normal" }),
    bias: zeros(from),
  };
  return { label, ...convolutions };
}

function attention(channels: number): Attention<ParameterSpec> {
  return {
    query: { weight: new ParameterSpec([channels, channels], { kind: "lecun-normal" }), bias: zeros(channels) },
    output: { weight: zeros(channels, channels), bias: zeros(channels) },
  };
}

const repeat = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
const attentionLayers = (places: number[], channels: number) =>
  places.length > 0 ? { attention: places.map(() => attention(channels)) } : {};

function encoder({ levels, classes }: ModelConfig): Encoder<ParameterSpec> {
  const scale = 1 / Math.sqrt(sum(levels.map(({ encoderBlocks }) => encoderBlocks)));
  return {
    input: conv(levels[levels.length - 1].channels, 3, 3),
    levels: levels.map(({ resolution, channels: c, encoderBlocks, attention: count }, index) => {
      const below = levels[index - 1];
      return {
        blocks: repeat(encoderBlocks, () => block({ from: c, width: c, to: c, resolution, scale, classes })),
        ...attentionLayers(attentionPlaces(encoderBlocks, count).encoder, c),
        ...(below && below.channels !== c ? { down: conv(below.channels, c, 3) } : {}),
      };
    }),
  };
}

function generator(model: ModelConfig, outputChannels: number): Generator<ParameterSpec> {
  const { levels, classes, latentChannels: z } = model;
  const scale = 1 / Math.sqrt(sum(levels.map(({ stochasticLayers }) => stochasticLayers)));
  const [lowest, highest] = [levels[0], levels[levels.length - 1]];
  const layer = (c: number, resolution: number): StochasticLayer<ParameterSpec> => ({
    prior: block({ from: c, width: c, to: 2 * z + c, resolution, scale: 1e-10, classes }), // starts at N(0, 1)
    posterior: block({ from: 2 * c, width: c, to: 2 * z, resolution, scale: 1, classes }),
    latent: { weight: conv(c, z, 1, scale).weight },
    shared: block({ from: c, width: c, to: c, resolution, scale, classes }),
  });
  const c = highest.channels;
  return {
    ...(model.superResolution ? {} : { initial: zeros(1, lowest.channels, lowest.resolution, lowest.resolution) }),
    levels: levels.map(({ resolution, channels, stochasticLayers, attention: count }, index) => {
      const above = levels[index + 1];
      return {
        layers: repeat(stochasticLayers, () => layer(channels, resolution)),
        ...attentionLayers(attentionPlaces(stochasticLayers, count).generator, channels),
        ...(above && above.channels !== channels ? { up: conv(above.channels, channels, 3) } : {}),
      };
    }),
    finalBlocks: repeat(model.finalBlocks, () =>
      block({ from: c, width: c, to: c, resolution: highest.resolution, scale, classes: 0 }),
    ),
    output: conv(outputChannels, c, 1),
  };
}

function uNet({ levels, classes }: ModelConfig, blocks: number[]): UNet<ParameterSpec> {
  const { channels: c, resolution } = levels[0];
  const scale = 1 / Math.sqrt(2 * sum(blocks));
  const residual = () => block({ from: c, width: c, to: c, resolution, scale, classes });
  return {
    input: conv(c, 3, 1),
    levels: blocks.map((count) => ({
      down: repeat(count, residual),
      up: repeat(count, () => ({ merge: conv(c, 2 * c, 3), block: residual() })),
    })),
  };
}

/**
 * Shape and initial distribution of every parameter of a model.
 *
 * @param outputChannels - channels of the last convolution: what the output distribution takes, see `outputChannels`
 */
export function modelParameters(model: ModelConfig, outputChannels: number): ModelParameters<ParameterSpec> {
  return {
    encoder: encoder(model),
    generator: generator(model, outputChannels),
    ...(model.superResolution ? { superResolution: uNet(model, model.superResolution.blocks) } : {}),
  };
}
