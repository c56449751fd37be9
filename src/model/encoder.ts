/** @file The encoder: from an image to the activations that the posteriors of every level look at. */
import type { numpy as np } from "@jax-js/jax";
import type { ModelConfig } from "../config/index.js";
import { attention } from "./attention.js";
import { attentionPlaces } from "./attention-places.js";
import { averagePool, convolveAffine } from "./layers.js";
import type { Encoder, EncoderLevel } from "./parameters.js";
import { residualBlock } from "./residual-block.js";

/** The residual blocks and attention layers of one level, [N, C, r, r] → same. Consumes x. */
function encoderLevel(
  { blocks, attention: layers }: EncoderLevel<np.Array>,
  count: number,
  x: np.Array,
  labels?: np.Array,
) {
  const places = attentionPlaces(blocks.length, count).encoder;
  return blocks.reduce((hidden, parameters, index) => {
    const after = residualBlock(parameters, hidden, labels);
    const place = places.indexOf(index);
    return place >= 0 ? attention(layers![place], after) : after;
  }, x);
}

/**
 * Runs the encoder from the full resolution down.
 *
 * Between levels: average pooling, then a 3×3 convolution where the number of channels changes. Activations are those
 * before pooling.
 *
 * @param parameters - borrowed
 * @param images - [N, 3, H, W] in [-1, 1]; consumed
 * @param labels - the true labels, int32 [N], in class-conditional models; borrowed
 * @returns activations [N, C, r, r] of every level, lowest resolution first, as in the configuration
 */
export function encode(
  parameters: Encoder<np.Array>,
  model: ModelConfig,
  images: np.Array,
  labels?: np.Array,
): np.Array[] {
  const activations: np.Array[] = [];
  let x = convolveAffine(parameters.input, images);
  for (let level = model.levels.length - 1; level >= 0; level--) {
    x = encoderLevel(parameters.levels[level], model.levels[level].attention, x, labels);
    activations[level] = x;
    if (level > 0) {
      x = averagePool(x.ref, model.levels[level].resolution / model.levels[level - 1].resolution);
      const { down } = parameters.levels[level];
      if (down) x = convolveAffine(down, x);
    }
  }
  return activations;
}
