/** @file What an output layer is: the distribution of an image given its latents (paper §3.2). */
import type { numpy as np } from "@jax-js/jax";
import type { ObjectiveConfig } from "../config/index.js";

/**
 * The distribution of an image given its latents, whose parameters the network's last convolution predicts. Its functions are
 * traced: they take and give arrays of jax-js, and consume what they are given.
 */
export interface OutputLayer {
  /** Channels C of the network's last convolution: parameters of the distribution for each pixel. */
  channels(objective: ObjectiveConfig): number;

  /**
   * What training minimises beside the rate.
   *
   * @param output - [N, C, H, W]
   * @param images - [N, 3, H, W], exact byte levels k / 127.5 − 1
   * @returns [N], nats summed over all dimensions
   */
  distortion(output: np.Array, images: np.Array, objective: ObjectiveConfig): np.Array;

  /** −ln p(x|z) of 8-bit images, which evaluation reports; arguments and result as for `distortion`. */
  negativeLogProbability(output: np.Array, images: np.Array, objective: ObjectiveConfig): np.Array;

  /** The mean of the distribution, [N, 3, H, W], unclipped, from `output` [N, C, H, W]. */
  mean(output: np.Array, objective: ObjectiveConfig): np.Array;

  /** A draw from the distribution, [N, 3, H, W], unclipped, from `output` and noise [N, `noise.channels`, H, W]. */
  draw(output: np.Array, noise: np.Array, objective: ObjectiveConfig): np.Array;

  /** The noise that a draw needs: standard normal, or uniform in (0, 1). */
  noise: { kind: "normal" | "uniform"; channels: number };

  /** What to show of a model: its mean, or always a draw, where the mean of several modes is no picture. */
  shown: "mean" | "draw";

  /** Words for the report. */
  text: {
    /** What the channels are, in the diagram of the network: "mean, log-variance". */
    parameters(objective: ObjectiveConfig): string;
    /** What distortion measures, as one sentence. */
    distortion: string;
  };
}
