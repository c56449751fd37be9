/** @file The U-Net that turns a low-resolution image into the generator's initial state (paper §4.3). */
import { numpy as np } from "@jax-js/jax";
import type { ModelConfig } from "../config/index.js";
import { type Generator, learnedInitialState } from "./generator.js";
import { type Affine, averagePool, convolutionParameters, convolveAffine, upsampleNearest } from "./layers.js";
import type { ForeignName, ParameterSpec } from "./parameter.js";
import { type Block, residualBlock, residualBlockParameters } from "./residual-block.js";

/** On the way up a convolution merges the skip connection before every block. */
type UNetLevel<T> = { down: Block<T>[]; up: { merge: Affine<T>; block: Block<T> }[] };
/** The U-Net over the low-resolution image, highest resolution first. */
export type UNet<T> = { input: Affine<T>; levels: UNetLevel<T>[] };

/**
 * The U-Net's parameters. Last convolutions of its B blocks start at 1/√B of their usual scale.
 *
 * PyTorch lists the way down and the way up apart, the latter from the lowest resolution, each block after the convolution before
 * it. Flax counts blocks down from the highest resolution and up again, and all convolutions.
 *
 * @param depths - blocks of every level, once down and once up, highest resolution first
 */
export function uNetParameters(
  names: ForeignName,
  { levels: [{ channels, resolution }], classes }: Pick<ModelConfig, "levels" | "classes">,
  depths: number[],
): UNet<ParameterSpec> {
  const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
  const blocks = sum(depths); // on each way
  const scale = 1 / Math.sqrt(2 * blocks);
  const residual = (block: ForeignName) => residualBlockParameters(block, { channels, resolution, scale, classes });
  const inputName = names.inside({ torch: "in_proj", flax: "Conv_0" }, 0);
  const downName = (flax: string, ...at: number[]) =>
    names.inside({ torch: `down_resblocks.${at.join(".")}`, flax }, 1, ...at);
  const upName = (flax: string, ...at: number[]) =>
    names.inside({ torch: `up_resblocks.${at.join(".")}`, flax }, 2, ...at);
  return {
    input: convolutionParameters(inputName, { from: 3, to: channels, kernel: 1 }),
    levels: depths.map((count, level) => {
      const [above, below] = [sum(depths.slice(0, level)), sum(depths.slice(level + 1))];
      const fromLowest = depths.length - 1 - level;
      return {
        down: Array.from({ length: count }, (_, i) => residual(downName(`ResBlock_${above + i}`, level, i))),
        up: Array.from({ length: count }, (_, i) => {
          const merge = upName(`Conv_${1 + below + i}`, fromLowest, 2 * i);
          const block = upName(`ResBlock_${blocks + below + i}`, fromLowest, 2 * i + 1);
          return {
            merge: convolutionParameters(merge, { from: 2 * channels, to: channels, kernel: 3 }),
            block: residual(block),
          };
        }),
      };
    }),
  };
}

/**
 * Residual blocks down the levels and up again, average pooling and nearest upsampling in between. On the way up every
 * block is preceded by a 3×3 convolution over its input and the level's skip connection.
 *
 * @param parameters - borrowed
 * @param image - the low-resolution image in [-1, 1] with its noise already added, [N, 3, r, r]; consumed
 * @param labels - what the prior sees, int32 [N]; borrowed
 * @returns [N, C, r, r]
 */
export function uNet({ input, levels }: UNet<np.Array>, image: np.Array, labels?: np.Array): np.Array {
  const skips: np.Array[] = [];
  let x = convolveAffine(input, image);
  for (const [index, { down }] of levels.entries()) {
    if (index > 0) x = averagePool(x, 2);
    x = down.reduce((hidden, block) => residualBlock(block, hidden, labels), x);
    skips[index] = x.ref;
  }
  for (let index = levels.length - 1; index >= 0; index--) {
    for (const { merge, block } of levels[index].up) {
      const merged = convolveAffine(merge, np.concatenate([x, skips[index].ref], 1));
      x = residualBlock(block, merged, labels);
    }
    skips[index].dispose();
    if (index > 0) x = upsampleNearest(x, 2);
  }
  return x;
}

/**
 * The hidden state that the generator starts from: learned in a base model, the U-Net's output in a super-resolution model.
 *
 * @param count - number of images N
 * @param lowResolution - [N, 3, r, r] with its noise added, exactly in super-resolution models; consumed
 * @param labels - what the prior sees, int32 [N], in class-conditional models; borrowed
 * @returns [N, C, r, r] at the lowest level's resolution
 * @throws Error when the low-resolution image is missing
 */
export function initialState(
  parameters: { generator: Generator<np.Array>; superResolution?: UNet<np.Array> },
  { count, lowResolution, labels }: { count: number; lowResolution?: np.Array; labels?: np.Array },
): np.Array {
  const { generator, superResolution } = parameters;
  if (!superResolution) return learnedInitialState(generator, count);
  if (!lowResolution) throw new Error("expected a low-resolution image for a super-resolution model, got none");
  return uNet(superResolution, lowResolution, labels);
}
