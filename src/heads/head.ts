/** @file What a head is: a second model p(x | z) of the pixels, on what a frozen decoder says of them, in place of its output layer. */
import { numpy as np } from "@jax-js/jax";
import type { Mapped } from "../engine/index.js";
import { sigmoid } from "../engine/primitives.js";
import type { ParameterSpec } from "../model/index.js";
import { logisticMixtureDistortion, logisticMixtureSample } from "../objective/logistic-mixture.js";

/** The decoders that a head stands on. */
export interface HeadShape {
  /** Channels of the decoder's last features. */
  features: number;
  /** Pixels of a side. */
  resolution: number;
}

/** What the decoder says of a batch of N images. */
export interface Decoded<T = np.Array> {
  /** Its last features, [N, C, R, R]. */
  features: T;
  /** The mean of its output distribution, [N, 3, R, R], unclipped. */
  mean: T;
}

/** What pixels are coded with: the decoder's word on them, and those before each. */
export interface PixelInputs<T = np.Array> {
  /** Of the head's `context`, [N, W, R, R]. */
  context: T;
  /** The decoder's mean, [N, 3, R, R]. */
  mean: T;
  /** Exact byte levels, [N, 3, R, R]: a pixel's mixture depends on those before it alone. */
  images: T;
}

/**
 * A head: the distribution of every pixel given the latents and, where it is autoregressive, the pixels before. Its functions are
 * traced, and borrow the parameters.
 */
export interface PixelHead<Parameters> {
  parameters(shape: HeadShape): Parameters;
  /** What is the same whichever pixels are known, [N, W, R, R]. Consumes `decoded`. */
  context(parameters: Mapped<Parameters, ParameterSpec, np.Array>, decoded: Decoded): np.Array;
  /** The mixture of logistics of every pixel, [N, 10 M, R, R], as the output layer of that name has it. Consumes `inputs`. */
  mixture(parameters: Mapped<Parameters, ParameterSpec, np.Array>, inputs: PixelInputs): np.Array;
  /**
   * When a pixel is drawn: together with all of its wave, after those of every wave before, on which alone its mixture depends.
   * Waves count from 0.
   */
  wave(row: number, column: number): number;
}

/** Components of a pixel's mixture. */
const COMPONENTS = 5;
/** Channels that a head's last convolution has: the mixture's parameters. */
export const MIXTURE_CHANNELS = 10 * COMPONENTS;

/** Log-scale of all components before training, on images in [-1, 1]: some seventeen byte levels. */
const START_LOG_SCALE = -2;

/**
 * A mixture around the decoder's mean μ, from what a head's last convolution says of its M components: their locations are
 *
 *     μ_R + δ_R        μ_G + δ_G + c₀ (R − μ_R)        μ_B + δ_B + c₁ (R − μ_R) + c₂ (G − μ_G)
 *
 * so that the colours tell of one another by how far they are from what was expected of them.
 *
 * @param raw - [N, 10 M, R, R], in the order of the mixture output layer: logits, then of each colour δ, log-scales, arctanh c; consumed
 * @param mean - [N, 3, R, R]; consumed
 * @returns [N, 10 M, R, R], as `logisticMixtureDistortion` takes it
 */
export function mixtureAround(raw: np.Array, mean: np.Array): np.Array {
  const parts = np.split(raw, 10, 1); // [N, M, R, R] each
  const [logits, offsetRed, scaleRed, c0, offsetGreen, scaleGreen, c1, offsetBlue, scaleBlue, c2] = parts;
  const [red, green, blue] = np.split(mean, 3, 1); // [N, 1, R, R] each
  const expected = (coefficient: np.Array, colour: np.Array) => tanh(coefficient.ref).mul(colour);
  const locations = [
    offsetRed.add(red.ref),
    offsetGreen.add(green.ref).sub(expected(c0, red.ref)),
    offsetBlue.add(blue).sub(expected(c1, red)).sub(expected(c2, green)),
  ];
  const [logScaleRed, logScaleGreen, logScaleBlue] = [scaleRed, scaleGreen, scaleBlue].map((x) =>
    x.add(START_LOG_SCALE),
  );
  return np.concatenate(
    [logits, locations[0], logScaleRed, c0, locations[1], logScaleGreen, c1, locations[2], logScaleBlue, c2],
    1,
  );
}

const tanh = (x: np.Array): np.Array => sigmoid(x.mul(2)).mul(2).sub(1);

/**
 * What a head's code costs: −ln p(x | z) of 8-bit images.
 *
 * @param parameters - borrowed
 * @param decoded - consumed
 * @param images - [N, 3, R, R], exact byte levels; consumed
 * @param levels - of each colour; see `logisticMixtureDistortion`
 * @returns [N], nats summed over all D dimensions
 */
export function codeLength<Parameters>(
  head: PixelHead<Parameters>,
  parameters: Mapped<Parameters, ParameterSpec, np.Array>,
  { features, mean }: Decoded,
  images: np.Array,
  levels?: number,
): np.Array {
  const context = head.context(parameters, { features, mean: mean.ref });
  const mixture = head.mixture(parameters, { context, mean, images: images.ref });
  return logisticMixtureDistortion(mixture, images, levels);
}

/** What one wave of pixels is drawn from. */
export interface WaveInputs<T> extends PixelInputs<T> {
  /** Uniform in (0, 1), [N, 4, R, R]. */
  noise: T;
  /** The wave to draw, [1]. */
  wave: T;
}

/**
 * Draws the pixels of one wave, and leaves the others as they are.
 *
 * @param parameters - borrowed
 * @param inputs - consumed
 * @returns images, [N, 3, R, R], exact byte levels where they were or are drawn
 */
export function drawWave<Parameters>(
  head: PixelHead<Parameters>,
  parameters: Mapped<Parameters, ParameterSpec, np.Array>,
  { context, mean, images, noise, wave }: WaveInputs<np.Array>,
): np.Array {
  const [, , height, width] = images.shape;
  const places = Array.from({ length: height * width }, (_, place) =>
    head.wave(Math.floor(place / width), place % width),
  );
  const ofPlaces = np.array(Float32Array.from(places)).reshape([1, 1, height, width]);
  const mixture = head.mixture(parameters, { context, mean, images: images.ref });
  return np.where(np.equal(ofPlaces, wave.reshape([1, 1, 1, 1])), logisticMixtureSample(mixture, noise), images);
}

/** How many waves a head draws an image in. */
export const waveCount = ({ wave }: Pick<PixelHead<unknown>, "wave">, resolution: number): number =>
  wave(resolution - 1, resolution - 1) + 1;
