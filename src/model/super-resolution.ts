/** @file The U-Net that turns a low-resolution image into the generator's initial state. */
import { numpy as np } from "@jax-js/jax";
import { learnedInitialState } from "./generator.js";
import { averagePool, convolveAffine, upsampleNearest } from "./layers.js";
import type { ModelParameters, UNet } from "./parameters.js";
import { residualBlock } from "./residual-block.js";

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
  parameters: ModelParameters<np.Array>,
  { count, lowResolution, labels }: { count: number; lowResolution?: np.Array; labels?: np.Array },
): np.Array {
  if (!parameters.superResolution) return learnedInitialState(parameters, count);
  if (!lowResolution) throw new Error("expected a low-resolution image for a super-resolution model, got none");
  return uNet(parameters.superResolution, lowResolution, labels);
}
