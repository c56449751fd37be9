/**
 * @file The whole network: encoder, generator, and the U-Net of a super-resolution model, as one tree of parameters;
 * and their initial values on the host, as the authors' JAX code draws them.
 */
import type { ModelConfig } from "../config/index.js";
import { entries, type Mapped, map } from "../engine/tree.js";
import { foldIn, type Key, normal, type StreamName, streamKey, uniform } from "../random/index.js";
import { type Encoder, encoderParameters } from "./encoder.js";
import { authorsModel, type Generator, generatorParameters } from "./generator.js";
import type { ForeignName, Initialiser, ParameterSpec } from "./parameter.js";
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

/** Standard deviation of a standard normal cut off at ±2. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

const sizeOf = (shape: number[]): number => shape.reduce((size, n) => size * n, 1);

/** Standard normal numbers within ±2: those outside are drawn again. */
function truncatedNormal(key: Key, count: number): Float32Array<ArrayBuffer> {
  const target = normal(key, count);
  for (let attempt = 0; target.some((value) => Math.abs(value) > 2); attempt++) {
    const again = normal(foldIn(key, attempt), count);
    target.forEach((value, i) => {
      if (Math.abs(value) > 2) target[i] = again[i];
    });
  }
  return target;
}

/**
 * One parameter, with fan-in I·k·k and fan-out O·k·k of a weight [O, I, k, k] or [O, I]:
 *
 *     Glorot uniform   scale · U(±√(6 / (fan-in + fan-out)))
 *     LeCun normal     variance 1 / fan-in, cut off at two deviations before rescaling
 *     normal           the given variance
 */
function drawParameter(shape: number[], init: Initialiser, key: Key): Float32Array<ArrayBuffer> {
  const size = sizeOf(shape);
  const [out, fanIn, area] = [shape[0], sizeOf(shape.slice(1)), sizeOf(shape.slice(2))];
  switch (init.kind) {
    case "zeros":
      return new Float32Array(size);
    case "glorot-uniform": {
      const limit = init.scale * Math.sqrt(6 / (fanIn + out * area));
      return uniform(key, size).map((value) => (2 * value - 1) * limit);
    }
    case "lecun-normal": {
      const scale = 1 / (TRUNCATED_DEVIATION * Math.sqrt(fanIn));
      return truncatedNormal(key, size).map((value) => value * scale);
    }
    case "normal":
      return normal(key, size).map((value) => value * Math.sqrt(init.variance));
    default:
      return init satisfies never;
  }
}

/**
 * Draws every parameter. The same specs and seed give the same values; each parameter has a stream of its own.
 *
 * @param seed - integer from 0 to 2⁵³ − 1
 */
export function initialise<Specs>(
  specs: Specs,
  seed: number,
  purpose: StreamName = "initialParameters",
): Mapped<Specs, ParameterSpec, Float32Array<ArrayBuffer>> {
  const stream = streamKey(seed, purpose);
  let next = 0;
  const drawn = map<unknown, Float32Array>(specs, (leaf) => {
    const { shape, init } = leaf as ParameterSpec;
    return drawParameter(shape, init, foldIn(stream, next++));
  });
  return drawn as Mapped<Specs, ParameterSpec, Float32Array<ArrayBuffer>>;
}
