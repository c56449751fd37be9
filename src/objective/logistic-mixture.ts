/** @file The discretised mixture of logistics (Salimans et al., "PixelCNN++", 2017, §2.1–2.2): the baseline output layer. */
import { nn, numpy as np } from "@jax-js/jax";
import { sigmoid, softplus } from "../engine/primitives.js";
import { log1mexp } from "./log1mexp.js";
import type { OutputLayer } from "./output-layer.js";

/** Levels of a colour in images of 8 bits, from −1 to 1. */
const LEVELS = 256;

/** Scales are at least e⁻⁷: a quarter of a byte level. */
const LEAST_LOG_SCALE = -7;

/** The lowest and the highest level are recognised by lying this close to −1 and 1. */
const EDGE = 0.999;

/**
 * The parameters in the network's output, for M components: M mixture logits, then for red, green and blue M means, M log-scales
 * and M colour coefficients each.
 */
interface Mixture {
  /** [N, M, H, W] */
  logits: np.Array;
  /** [N, 3, M, H, W], before the colours already drawn shift them. */
  means: np.Array;
  /** [N, 3, M, H, W] */
  logScales: np.Array;
  /** [N, 3, M, H, W] in (−1, 1): of red in green's location, of red in blue's, of green in blue's. */
  coefficients: np.Array;
}

function splitMixture(output: np.Array): Mixture {
  const [batch, channels, height, width] = output.shape;
  if (channels % 10 !== 0) {
    throw new RangeError(`logistic mixture: expected output channels in tens, one ten a component, got ${channels}`);
  }
  const components = channels / 10;
  const [logits, rest] = np.split(output, [components], 1);
  const [means, logScales, coefficients] = np
    .split(rest.reshape([batch, 3, 3, components, height, width]), 3, 2)
    .map((part) => part.reshape([batch, 3, components, height, width]));
  return {
    logits,
    means,
    logScales: np.maximum(logScales, LEAST_LOG_SCALE),
    coefficients: sigmoid(coefficients.mul(2)).mul(2).sub(1), // tanh
  };
}

/** The three colours of an array [N, 3, …], each [N, 1, …]. */
function colours(array: np.Array): [red: np.Array, green: np.Array, blue: np.Array] {
  const [red, green, blue] = np.split(array, 3, 1);
  return [red, green, blue];
}

/**
 * Fixes red, green and blue in turn: a colour's location is its mean plus its coefficients times the colours fixed before it,
 *
 *     m_R        m_G + c₀ R        m_B + c₁ R + c₂ G
 *
 * and `fix` says what the colour then is. Consumes `means` and `coefficients`, both [N, 3, …].
 *
 * @returns locations and colours, both [N, 3, …]
 */
function inTurn(
  { means, coefficients }: Pick<Mixture, "means" | "coefficients">,
  fix: (location: np.Array, colour: number) => np.Array,
): { locations: np.Array; values: np.Array } {
  const [meanRed, meanGreen, meanBlue] = colours(means);
  const [redInGreen, redInBlue, greenInBlue] = colours(coefficients);
  const red = fix(meanRed.ref, 0);
  const locationGreen = meanGreen.add(redInGreen.mul(red.ref));
  const green = fix(locationGreen.ref, 1);
  const locationBlue = meanBlue.add(redInBlue.mul(red.ref)).add(greenInBlue.mul(green.ref));
  const blue = fix(locationBlue.ref, 2);
  return {
    locations: np.concatenate([meanRed, locationGreen, locationBlue], 1),
    values: np.concatenate([red, green, blue], 1),
  };
}

/**
 * Log of the mass that a logistic distribution gives to a byte's bin [x − 1/255, x + 1/255]. With a and b the bin's ends less the
 * location, over the scale s, and σ the logistic function,
 *
 *     ln(σ(b) − σ(a)) = −softplus(a) − softplus(−b) + ln(1 − e^{a − b})        b − a = 2 / (255 s)
 *
 * which cancels nowhere. The bins of bytes 0 and 255 extend to ∓∞: ln σ(b) and ln(1 − σ(a)).
 *
 * @param images - broadcastable to the others
 * @param halfBin - half the distance of two levels
 */
function logBinMass(images: np.Array, locations: np.Array, logScales: np.Array, halfBin: number): np.Array {
  const inverseScale = np.exp(logScales.neg());
  const atLowest = np.less(images.ref, -EDGE);
  const atHighest = np.greater(images.ref, EDGE);
  const centred = images.sub(locations);
  const below = softplus(centred.ref.sub(halfBin).mul(inverseScale.ref)); // −ln(1 − σ(a))
  const above = softplus(centred.add(halfBin).mul(inverseScale.ref).neg()); // −ln σ(b)
  const between = below.ref.add(above.ref).sub(log1mexp(inverseScale.mul(2 * halfBin)));
  return np.where(atLowest, above, np.where(atHighest, below, between)).neg();
}

/**
 * Distortion of the mixture output: the negative log-probability of an 8-bit image from exact bin masses,
 *
 *     −Σ_pixels ln Σ_k π_k Π_colours mass_k(x_colour)
 *
 * Differs from VDVAE, which takes the density at the bin's centre where a mass is below 1e-5.
 *
 * @param output - [N, 10 M, H, W] for M components; consumed
 * @param images - [N, 3, H, W], exact byte levels k / 127.5 − 1; consumed
 * @param levels - of each colour, evenly from −1 to 1: with few of them, all images can be added up
 * @returns [N], nats summed over all D dimensions
 * @throws RangeError when the channels are not a multiple of 10
 */
export function logisticMixtureDistortion(output: np.Array, images: np.Array, levels = LEVELS): np.Array {
  const { logits, logScales, ...location } = splitMixture(output);
  const [batch, , height, width] = images.shape;
  const given = images.reshape([batch, 3, 1, height, width]);
  const known = colours(given.ref);
  const { locations, values } = inTurn(location, (unused, colour) => {
    unused.dispose();
    return known[colour];
  });
  values.dispose();
  const logMass = logBinMass(given, locations, logScales, 1 / (levels - 1)).sum(1); // [N, M, H, W]
  const logProbability = nn.logsumexp(nn.logSoftmax(logits, 1).add(logMass), 1); // [N, H, W]
  return logProbability.sum([1, 2]).neg();
}

/**
 * Mean of the mixture: of every component the locations that follow when each colour sits at its own, kept within [-1, 1], averaged
 * by the mixture weights. It is the mean of the distribution up to what its tails lose at the edges of the range.
 *
 * @param output - [N, 10 M, H, W]; consumed
 * @returns [N, 3, H, W] in [-1, 1]
 */
export function logisticMixtureMean(output: np.Array): np.Array {
  const { logits, logScales, ...location } = splitMixture(output);
  logScales.dispose();
  const { locations, values } = inTurn(location, (at) => np.clip(at, -1, 1));
  locations.dispose();
  const [batch, components, height, width] = logits.shape;
  const weights = nn.softmax(logits, 1).reshape([batch, 1, components, height, width]);
  return weights.mul(values).sum(2);
}

/**
 * A draw of an 8-bit image: a component, then red, green and blue from its logistics, each rounded to its byte level before the
 * next one depends on it, so that images come with exactly the probabilities of {@link logisticMixtureDistortion}.
 *
 * @param output - [N, 10 M, H, W]; consumed
 * @param noise - uniform in (0, 1), [N, 4, H, W]: for the component, red, green, blue; consumed
 * @returns [N, 3, H, W], exact byte levels k / 127.5 − 1
 */
export function logisticMixtureSample(output: np.Array, noise: np.Array): np.Array {
  const { logits, means, logScales, coefficients } = splitMixture(output);
  const [componentNoise, colourNoise] = np.split(noise, [1], 1);
  const chosen = chooseComponent(logits, componentNoise); // [N, 1, M, H, W]
  const pick = (parameter: np.Array) => parameter.mul(chosen.ref).sum(2); // [N, 3, H, W]
  const logistic = np.log(colourNoise.ref).sub(np.log(colourNoise.neg().add(1)));
  const shifts = colours(logistic.mul(np.exp(pick(logScales))));
  const { locations, values } = inTurn({ means: pick(means), coefficients: pick(coefficients) }, (at, colour) =>
    toByteLevel(at.add(shifts[colour])),
  );
  locations.dispose();
  chosen.dispose();
  return values;
}

/**
 * One-hot choice by inverting the distribution function: component k where u lies between the sums of the first k and k + 1 weights.
 *
 * @param u - uniform, [N, 1, H, W]
 * @returns [N, 1, M, H, W] of zeros and ones
 */
function chooseComponent(logits: np.Array, u: np.Array): np.Array {
  const [batch, components, height, width] = logits.shape;
  const weights = np.split(nn.softmax(logits, 1), components, 1);
  weights.pop()!.dispose(); // the last component takes what is left
  let cumulative = u.ref.mul(0);
  let index = cumulative.ref; // how many cumulative weights u has passed
  for (const weight of weights) {
    cumulative = cumulative.add(weight);
    index = index.add(np.where(np.less(u.ref, cumulative.ref), 0, 1));
  }
  cumulative.dispose();
  u.dispose();
  const labels = np.arange(components).astype(np.float32).reshape([1, 1, components, 1, 1]);
  const equal = np.equal(index.reshape([batch, 1, 1, height, width]), labels);
  return np.where(equal, 1, 0).astype(np.float32);
}

/** The nearest of the 256 levels k / 127.5 − 1. */
function toByteLevel(x: np.Array): np.Array {
  const byte = np.floor(np.clip(x, -1, 1).add(1).mul(127.5).add(0.5));
  return byte.mul(1 / 127.5).sub(1);
}

/** The mixture of logistics: ten channels for each of `objective.mixtures` components, 100 for 10. */
export const logisticMixtureOutput: OutputLayer = {
  channels: ({ mixtures }) => 10 * mixtures,
  distortion: (output, images) => logisticMixtureDistortion(output, images),
  negativeLogProbability: (output, images) => logisticMixtureDistortion(output, images),
  mean: logisticMixtureMean,
  draw: logisticMixtureSample,
  noise: { kind: "uniform", channels: 4 },
  shown: "draw",
  text: {
    parameters: ({ mixtures }) => `${mixtures} logistics`,
    distortion: "Distortion is here the negative log-likelihood of the image's bytes.",
  },
};
