/** @file The encoder (paper §2): from an image to the activations that the posteriors of every level look at. */
import type { numpy as np } from "@jax-js/jax";
import type { ModelConfig } from "../config/index.js";
import { type Attention, attention, attentionPlaces } from "./attention.js";
import { type Affine, averagePool, convolutionParameters, convolveAffine } from "./layers.js";
import { levelAttention, levelList, positionParameters, resamplingParameters } from "./level.js";
import type { ForeignName, ParameterSpec } from "./parameter.js";
import { type Block, residualBlock, residualBlockParameters } from "./residual-block.js";

/** `down` leads to the level below, where that has another number of channels. */
type EncoderLevel<T> = { position?: T; blocks: Block<T>[]; attention?: Attention<T>[]; down?: Affine<T> };
export type Encoder<T> = { input: Affine<T>; levels: EncoderLevel<T>[] };

/** The encoder's parameters. Last convolutions of its B blocks start at 1/√B of their usual scale. */
export function encoderParameters(
  names: ForeignName,
  { levels, classes, positions }: ModelConfig,
): Encoder<ParameterSpec> {
  const parts = names.parts({
    input: { torch: "in_proj", flax: "Conv_0" },
    levels: { torch: "encoder_levels", flax: "EncoderLevel" },
  });
  const scale = 1 / Math.sqrt(levels.reduce((sum, { encoderBlocks }) => sum + encoderBlocks, 0));
  return {
    input: convolutionParameters(parts.input, { from: 3, to: levels[levels.length - 1].channels, kernel: 3 }),
    levels: levels.map(({ resolution, channels, encoderBlocks, attention: count }, index) => {
      const level = parts.levels.element(levels.length - 1 - index); // the authors count from the highest resolution down
      const list = levelList(level, encoderBlocks, attentionPlaces(encoderBlocks, count).encoder);
      const below = levels[index - 1];
      return {
        ...(positions && below ? { position: positionParameters(channels, resolution) } : {}),
        blocks: list.layers.map((block) => residualBlockParameters(block, { channels, resolution, scale, classes })),
        ...levelAttention(list, channels),
        ...(below && below.channels !== channels
          ? { down: resamplingParameters(list, { from: channels, to: below.channels }) }
          : {}),
      };
    }),
  };
}

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
    const { position } = parameters.levels[level];
    if (position) x = x.add(position.ref);
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
