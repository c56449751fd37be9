/** @file The part that heads share: a few residual blocks on the decoder's last features and mean. */
import { numpy as np } from "@jax-js/jax";
import { ForeignName, type ParameterSpec, residualBlock } from "../model/index.js";
import { type Affine, convolutionParameters, convolveAffine } from "../model/layers.js";
import { type Block, residualBlockParameters } from "../model/residual-block.js";
import type { Decoded, HeadShape } from "./head.js";

/** Parameters of the shared part. */
export type Context<T> = { input: Affine<T>; blocks: Block<T>[] };

/** Channels of all that a head computes between its first convolution and its last. */
export const WIDTH = 48;
const BLOCKS = 2;

/** No other program has these networks. */
export const names = ForeignName.model;

/** Shapes and initial distributions. */
export const contextParameters = ({ features, resolution }: HeadShape): Context<ParameterSpec> => ({
  input: convolutionParameters(names, { from: features + 3, to: WIDTH, kernel: 3 }),
  blocks: Array.from({ length: BLOCKS }, () =>
    residualBlockParameters(names, { channels: WIDTH, resolution, scale: 1 / Math.sqrt(BLOCKS), classes: 0 }),
  ),
});

/**
 * What the decoder says of every pixel and those around it.
 *
 * @param parameters - borrowed
 * @param decoded - consumed
 * @returns [N, W, R, R]
 */
export function contextOf({ input, blocks }: Context<np.Array>, { features, mean }: Decoded): np.Array {
  const start = convolveAffine(input, np.concatenate([features, mean], 1));
  return blocks.reduce((x, block) => residualBlock(block, x), start);
}
