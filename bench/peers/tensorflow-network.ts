/** @file The network and its loss in TensorFlow.js, for unconditional base models without attention. Images are NHWC. */
import * as tf from "@tensorflow/tfjs-core";
import type { Config, ModelConfig } from "../../src/config/index.js";
import type { ModelParameters } from "../../src/model/index.js";
import { informationShares } from "../../src/objective/information-schedule.js";
import type { SpectralVectors } from "../../src/objective/loss.js";

type Parameters = ModelParameters<tf.Variable>;
type Block = Parameters["generator"]["finalBlocks"][number];
type Affine = Block["conv1"];
type Image = tf.Tensor4D;

// biome-ignore lint/suspicious/noApproximativeNumericConstant: the published models were trained with the rounded one
const STEEPNESS = 0.693;
const LEAST_SQUARED_LENGTH = 1e-30;

const swish = (x: Image): Image => tf.mul(x, tf.sigmoid(x));

function convolve(weight: tf.Variable, x: Image): Image {
  return tf.conv2d(x, weight as unknown as tf.Tensor4D, 1, "same");
}

const affine = ({ weight, bias }: Affine, x: Image): Image => tf.add(convolve(weight, x), bias);
const block = ({ conv1, conv2 }: Block, x: Image): Image => affine(conv2, swish(affine(conv1, swish(x))));
const residual = (parameters: Block, x: Image): Image => tf.add(x, block(parameters, x));
const smoothVariance = (raw: Image): Image => tf.div(tf.softplus(tf.mul(raw, STEEPNESS)), STEEPNESS);

/** Activations of every level, lowest resolution first. */
function encode({ input, levels }: Parameters["encoder"], model: ModelConfig, images: Image): Image[] {
  const activations: Image[] = [];
  let x = affine(input, images);
  for (let level = levels.length - 1; level >= 0; level--) {
    x = levels[level].blocks.reduce((hidden, parameters) => residual(parameters, hidden), x);
    activations[level] = x;
    if (level === 0) break;
    const factor = model.levels[level].resolution / model.levels[level - 1].resolution;
    x = tf.avgPool(x, factor, factor, "valid");
    const { down } = levels[level];
    if (down) x = affine(down, x);
  }
  return activations;
}

/** Mean and log-variance of the images, and the rate of every group, L of [N]. */
function autoEncode({ encoder, generator }: Parameters, model: ModelConfig, images: Image, noise: Image[]) {
  const activations = encode(encoder, model, images);
  const z = model.latentChannels;
  const rates: tf.Tensor1D[] = [];
  let hidden = tf.tile(generator.initial as unknown as Image, [images.shape[0], 1, 1, 1]);
  for (const [index, { layers, up }] of generator.levels.entries()) {
    const { channels, resolution } = model.levels[index];
    for (const layer of layers) {
      const [priorMean, priorRaw, rest] = tf.split<Image>(block(layer.prior, hidden), [z, z, channels], 3);
      const priorVariance = smoothVariance(priorRaw);
      const [mean, raw] = tf.split<Image>(block(layer.posterior, tf.concat([hidden, activations[index]], 3)), 2, 3);
      const variance = smoothVariance(raw);
      const distance = tf.div(tf.add(variance, tf.square(tf.sub(mean, priorMean))), priorVariance);
      const logRatio = tf.sub(tf.log(priorVariance), tf.log(variance));
      rates.push(tf.mul(tf.sum(tf.sub(tf.add(logRatio, distance), 1), [1, 2, 3]), 0.5));
      const latent: Image = tf.add(mean, tf.mul(tf.sqrt(variance), noise[rates.length - 1]));
      hidden = residual(layer.shared, tf.add(tf.add(hidden, convolve(layer.latent.weight, latent)), rest));
    }
    const above = model.levels[index + 1];
    if (above) hidden = upsample(hidden, above.resolution / resolution);
    if (up) hidden = affine(up, hidden);
  }
  const last = generator.finalBlocks.reduce((x, parameters) => residual(parameters, x), hidden);
  const [mean, logVariance] = tf.split(affine(generator.output, last), 2, 3);
  return { mean, logVariance, rates };
}

/** Repeats rows and columns; the gradient of `resizeNearestNeighbor` is wrong on this back-end (4.22.0). */
function upsample(x: Image, factor: number): Image {
  const [n, h, w, c] = x.shape;
  const wide = tf.tile(tf.reshape(x, [n * h * w, 1, c]), [1, factor, 1]);
  const high = tf.tile(tf.reshape(wide, [n * h, 1, w * factor * c]), [1, factor, 1]);
  return tf.reshape(high, [n, h * factor, w * factor, c]);
}

/** Weights of the rates [L, N] under the information schedule; no gradient flows through them. */
function rateWeights(rates: tf.Tensor2D, shares: number[]): tf.Tensor2D {
  const weights = (given: tf.Tensor) => {
    const targets = tf.mul(tf.sum(given, 0, true), tf.tensor2d(shares, [shares.length, 1]));
    const position = tf.div(given, tf.mul(targets, 0.667));
    const above = tf.clipByValue(tf.sub(position, 1), 1, 2);
    return tf.maximum(tf.where(tf.less(position, 1), position, above), 0.1);
  };
  const constant = tf.customGrad((given) => {
    return { value: weights(given as tf.Tensor), gradFunc: (slope: tf.Tensor) => tf.zerosLike(slope) };
  });
  return constant(rates) as tf.Tensor2D;
}

function normalise(x: tf.Tensor1D, otherwise: tf.Tensor1D): tf.Tensor1D {
  const squaredLength = tf.sum(tf.square(x));
  const length = tf.sqrt(tf.maximum(squaredLength, LEAST_SQUARED_LENGTH));
  return tf.where(tf.less(squaredLength, LEAST_SQUARED_LENGTH), otherwise, tf.div(x, length));
}

/** One step of power iteration: the vectors u' and v, constants in the gradient. */
function powerIteration(weight: tf.Variable, u: tf.Tensor1D): { u: tf.Tensor1D; v: tf.Tensor1D } {
  const matrix = matrixOf(weight);
  const projected = tf.reshape(tf.dot(matrix, u), [-1]) as tf.Tensor1D;
  const v = normalise(projected, tf.zerosLike(projected));
  return { u: normalise(tf.dot(v, matrix) as tf.Tensor1D, u), v };
}

/** A kernel [k, k, I, O] as the matrix [I·k·k, O]. */
const matrixOf = (weight: tf.Variable): tf.Tensor2D => tf.reshape(weight, [-1, weight.shape[3]!]);

/** Power iteration over all prior and posterior blocks, group by group. */
export function advanced({ generator }: Parameters, vectors: SpectralVectors<tf.Tensor1D>[]) {
  const layers = generator.levels.flatMap(({ layers }) => layers);
  return layers.map(({ prior, posterior }, group) => ({
    prior: powerIteration(prior.conv2.weight, vectors[group].prior),
    posterior: powerIteration(posterior.conv2.weight, vectors[group].posterior),
  }));
}

/** The scalar loss, nats. `iterated` is of {@link advanced} for the same parameters. */
export function loss(
  parameters: Parameters,
  iterated: ReturnType<typeof advanced>,
  { model, objective }: Pick<Config, "model" | "objective">,
  images: Image,
  noise: Image[],
): tf.Scalar {
  const { mean, logVariance, rates } = autoEncode(parameters, model, images, noise);
  const energy = tf.add(tf.square(tf.sub(images, mean)), objective.sigma ** 2);
  const perDimension = tf.add(tf.mul(energy, tf.exp(tf.neg(logVariance))), logVariance);
  const distortion = tf.mul(tf.sum(tf.sub(perDimension, 2 * Math.log(objective.sigma) + 1), [1, 2, 3]), 0.5);
  const shares = informationShares({ model, objective });
  const nats = tf.stack(rates) as tf.Tensor2D;
  const weighted = tf.sum(shares ? tf.mul(nats, rateWeights(nats, shares)) : nats, 0);
  const resolutions = model.levels.flatMap(({ resolution, stochasticLayers }) =>
    new Array<number>(stochasticLayers).fill(resolution),
  );
  const layers = parameters.generator.levels.flatMap(({ layers }) => layers);
  const sigma = (weight: tf.Variable, { u, v }: { u: tf.Tensor1D; v: tf.Tensor1D }) =>
    tf.sum(tf.mul(tf.dot(v, matrixOf(weight)), u));
  const terms = layers.map(({ prior, posterior }, group) =>
    tf.mul(
      tf.add(
        sigma(prior.conv2.weight, iterated[group].prior),
        sigma(posterior.conv2.weight, iterated[group].posterior),
      ),
      resolutions[group],
    ),
  );
  const total = tf.mean(tf.add(distortion, weighted));
  return tf.add(total, tf.mul(tf.addN(terms), objective.spectralWeight));
}
