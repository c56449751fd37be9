/** @file The Gaussian output layer: the image itself as a narrow Gaussian to be matched (paper §3.2). */
import { numpy as np } from "@jax-js/jax";
import { gaussianLogLikelihood } from "./likelihood.js";
import type { OutputLayer } from "./output-layer.js";

/** Mean and log-variance of the predicted image: the network's six output channels, RGB means before RGB log-variances. */
function meanAndLogVariance(output: np.Array): [mean: np.Array, logVariance: np.Array] {
  const [mean, logVariance] = np.split(output, 2, 1);
  return [mean, logVariance];
}

/**
 * Distortion of the Gaussian output: the divergence from the image blurred by σ_q to the predicted Gaussian,
 *
 *     KL( N(x, σ_q² I) ‖ N(μ, diag e^s) ) = ½ Σ ( (σ_q² + (x − μ)²) e^{−s} + s − ln σ_q² − 1 )
 *
 * Unlike a density it is never negative, so the model gains nothing by shrinking its variance below σ_q².
 *
 * @param output - [N, 6, H, W]: mean and log-variance s; consumed
 * @param images - [N, 3, H, W] in [-1, 1]; consumed
 * @param sigma - σ_q, deviation of the blur on the scale of the images, above 0
 * @returns [N], nats summed over all D dimensions
 */
export function gaussianDistortion(output: np.Array, images: np.Array, sigma: number): np.Array {
  const [mean, logVariance] = meanAndLogVariance(output);
  const energy = np.square(images.sub(mean)).add(sigma ** 2); // E (x' − μ)² under the blur
  const scaled = energy.mul(np.exp(logVariance.ref.neg()));
  const perDimension = scaled.add(logVariance).sub(2 * Math.log(sigma) + 1);
  return perDimension.sum([1, 2, 3]).mul(0.5); // [N]
}

/**
 * The image shown: the predicted mean, unclipped.
 *
 * @param output - [N, 6, H, W]; consumed
 * @returns [N, 3, H, W]
 */
export function gaussianMean(output: np.Array): np.Array {
  const [mean, logVariance] = meanAndLogVariance(output);
  logVariance.dispose();
  return mean;
}

/**
 * A draw from the predicted Gaussian, x = μ + e^{s/2} ε: what the likelihood speaks of, noisier to look at than the mean.
 *
 * @param output - [N, 6, H, W]; consumed
 * @param noise - ε, standard normal, [N, 3, H, W]; consumed
 * @returns [N, 3, H, W], unclipped
 */
export function gaussianSample(output: np.Array, noise: np.Array): np.Array {
  const [mean, logVariance] = meanAndLogVariance(output);
  return mean.add(np.exp(logVariance.mul(0.5)).mul(noise));
}

/** The Gaussian output: six channels, and the blur σ_q as `objective.sigma`. */
export const gaussianOutput: OutputLayer = {
  channels: () => 6,
  distortion: (output, images, { sigma }) => gaussianDistortion(output, images, sigma),
  negativeLogProbability: (output, images) => gaussianLogLikelihood(output, images).neg(),
  mean: gaussianMean,
  draw: gaussianSample,
  noise: { kind: "normal", channels: 3 },
  shown: "mean",
  text: {
    parameters: () => "mean, log-variance",
    distortion: "Distortion is here the divergence from the image blurred by σ, not the likelihood of its bytes.",
  },
};
