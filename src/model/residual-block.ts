/** @file The residual block (paper §2): two convolutions, and in class-conditional models a class bias before them. */
import { numpy as np } from "@jax-js/jax";
import { checkpoint, swish } from "../engine/primitives.js";
import { type Affine, convolutionParameters, convolveAffine, dense, denseParameters } from "./layers.js";
import { type ForeignName, ParameterSpec } from "./parameter.js";

/** A class bias: embedding table [classes + 1, c/4], projected to the block's input channels. */
type LabelBias<T> = { embedding: T } & Affine<T>;
export type Block<T> = { label?: LabelBias<T>; conv1: Affine<T>; conv2: Affine<T> };

/** What decides the parameters of a block. */
export interface BlockShape {
  /** Channels of its input, between its convolutions, and of its result. */
  from: number;
  width: number;
  to: number;
  resolution: number;
  /** Multiplies the initial values of the second convolution. */
  scale: number;
  classes: number;
  /** Whether the spectral term regularises the second convolution, which the authors then wrap in a module of its own. */
  regularised?: boolean;
}

/** A block's parameters. Convolutions are 3×3 where the image is large enough for it, 1×1 below 4×4 pixels. */
export function blockParameters(
  names: ForeignName,
  { from, width, to, resolution, scale, classes, regularised = false }: BlockShape,
): Block<ParameterSpec> {
  const parts = names.parts({
    embedding: { torch: "label_emb.weight", flax: "Embed_0/embedding" },
    projection: { torch: "label_proj", flax: "Dense_0" },
    conv1: { torch: "conv1", flax: "Conv_0" },
    conv2: regularised ? { torch: "conv2.conv", flax: "ConvSR_0/Conv_0" } : { torch: "conv2", flax: "Conv_1" },
  });
  const kernel = resolution >= 4 ? 3 : 1;
  const convolutions = {
    conv1: convolutionParameters(parts.conv1, { from, to: width, kernel }),
    conv2: convolutionParameters(parts.conv2, { from: width, to, kernel, scale }),
  };
  if (classes === 0) return convolutions;
  const embedded = Math.floor(width / 4);
  const table = [classes + 1, embedded]; // the last row means "no label"
  return {
    label: {
      embedding: new ParameterSpec(table, { kind: "normal", variance: 1 / embedded }, parts.embedding),
      ...denseParameters(parts.projection, { from: embedded, to: from }),
    },
    ...convolutions,
  };
}

/** The parameters of a block that adds its input, and so has as many channels everywhere. */
export function residualBlockParameters(
  names: ForeignName,
  { channels: c, ...shape }: { channels: number } & Pick<BlockShape, "resolution" | "scale" | "classes">,
): Block<ParameterSpec> {
  return blockParameters(names, { from: c, width: c, to: c, ...shape });
}

/** What a label adds to a block's input: its embedding projected to the input's channels, [N] → [N, C, 1, 1]. */
function labelBias({ embedding, weight, bias }: LabelBias<np.Array>, labels: np.Array): np.Array {
  const embedded = np.take(embedding.ref, labels.ref, 0); // [N, c/4]
  return dense({ weight, bias }, embedded).reshape([labels.shape[0], bias.shape[0], 1, 1]);
}

/**
 * The two convolutions of a block, without a residual connection:
 *
 *     conv₂( swish( conv₁( swish(x + class bias) ) ) )
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

/** x + block(x), where x is added without the class bias: [N, C, H, W] → [N, C, H, W]. Consumes x, borrows labels. */
export function residualBlock(parameters: Block<np.Array>, x: np.Array, labels?: np.Array): np.Array {
  const input = checkpoint(x);
  return input.ref.add(block(parameters, input, labels));
}
