/** @file The residual block and its class bias. */
import { numpy as np } from "@jax-js/jax";
import { checkpoint, swish } from "../engine/primitives.js";
import { convolveAffine, dense } from "./layers.js";
import type { Block, LabelBias } from "./parameters.js";

/** What a label adds to a block's input: its embedding projected to the input's channels, [N] → [N, C, 1, 1]. */
function labelBias({ embedding, weight, bias }: LabelBias<np.Array>, labels: np.Array): np.Array {
  const embedded = np.take(embedding.ref, labels.ref, 0); // [N, c/4]
  return dense({ weight, bias }, embedded).reshape([labels.shape[0], bias.shape[0], 1, 1]);
}

/**
 * The two convolutions of a block, without a residual connection: conv₂(swish(conv₁(swish(x + class bias)))).
 *
 * Prior and posterior blocks are this alone.
 *
 * @param x - [N, C, H, W]; consumed
 * @param labels - int32 [N], needed exactly when the block has a class bias; borrowed
 * @returns [N, C', H, W]
 * @throws Error when a conditional block gets no labels
 */
export function block(parameters: Block<np.Array>, x: np.Array, labels?: np.Array): np.Array {
  if (parameters.label && !labels) {
    throw new Error(
      "expected labels for a class-conditional model, got none; the index after the last class means no label",
    );
  }
  const input = parameters.label ? x.add(labelBias(parameters.label, labels!)) : x;
  const hidden = convolveAffine(parameters.conv1, swish(input));
  return convolveAffine(parameters.conv2, swish(hidden));
}

/** A block that adds its raw input, without the class bias: [N, C, H, W] → [N, C, H, W]. Consumes x, borrows labels. */
export function residualBlock(parameters: Block<np.Array>, x: np.Array, labels?: np.Array): np.Array {
  const input = checkpoint(x);
  return input.ref.add(block(parameters, input, labels));
}
