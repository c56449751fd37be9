/** @file The whole network: encoder, generator, and the U-Net of a super-resolution model, as one tree of parameters. */
import type { ModelConfig } from "../config/index.js";
import { entries, map } from "../engine/tree.js";
import { type Encoder, encoderParameters } from "./encoder.js";
import { authorsModel, type Generator, generatorParameters } from "./generator.js";
import type { ForeignName, ParameterSpec } from "./parameter.js";
import { type UNet, uNetParameters } from "./super-resolution.js";

/**
 * All parameters, with leaves T: arrays while computing, typed arrays on the host, `ParameterSpec` before either exists.
 * Levels are indexed as in the configuration, lowest resolution first.
 *
 * Keys have one order, the one in which `modelParameters` writes them: checkpoints, packs and initial values follow it.
 */
export type ModelParameters<T> = { encoder: Encoder<T>; generator: Generator<T>; superResolution?: UNet<T> };

/**
 * Shape, initial distribution and foreign names of every parameter of a model, without allocating any.
 *
 * @param outputChannels - channels of the last convolution: what the output distribution takes, see `outputChannels`
 */
export function modelParameters(model: ModelConfig, outputChannels: number): ModelParameters<ParameterSpec> {
  const { superResolution } = model;
  return {
    encoder: encoderParameters(authorsModel.encoder, model),
    generator: generatorParameters(model, outputChannels),
    ...(superResolution ? { superResolution: uNetParameters(authorsModel.uNet, model, superResolution.blocks) } : {}),
  };
}

/**
 * What the authors' programs call every parameter of a model, by our path, in our order.
 *
 * @example
 * foreignNames(model).get("generator.levels.0.layers.1.prior.conv2.weight")
 * // { torch: "layer_list.0.layer_list.1.prior_block.conv2.conv.weight",
 * //   flax: "layer_list_0/layer_list_1/prior_block/ConvSR_0/Conv_0/kernel", … }
 */
export function foreignNames(model: ModelConfig): Map<string, ForeignName> {
  const anyOutput = 6; // the names do not depend on the number of output channels
  return new Map(parameterEntries(modelParameters(model, anyOutput)).map(([path, { names }]) => [path, names]));
}

/**
 * The tree with `fn` applied to every parameter, in one fixed order.
 *
 * @param fn - called with the dotted path, as in `generator.levels.0.layers.1.prior.conv1.weight`
 */
export function mapParameters<T, U>(
  parameters: ModelParameters<T>,
  fn: (parameter: T, path: string) => U,
): ModelParameters<U> {
  return map<unknown, U>(parameters, (leaf, path) => fn(leaf as T, path)) as ModelParameters<U>;
}

/** Every parameter with its dotted path, in the order of `mapParameters`. */
export const parameterEntries = <T>(parameters: ModelParameters<T>): [path: string, parameter: T][] =>
  entries<unknown>(parameters) as [string, T][];

/** Number of scalars in a tree of specs or arrays. */
export function countParameters(parameters: ModelParameters<{ shape: number[] }>): number {
  return parameterEntries(parameters).reduce((sum, [, { shape }]) => sum + shape.reduce((size, n) => size * n, 1), 0);
}
