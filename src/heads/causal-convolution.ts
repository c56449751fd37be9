/** @file Convolutions that see only what comes before a pixel, row by row (van den Oord et al. 2016, PixelCNN). */
import { numpy as np } from "@jax-js/jax";
import { type Affine, convolveAffine } from "../model/layers.js";

/**
 * Which of the nine places of a kernel a pixel may look at: the three above it and the one to its left; itself too in all layers
 * but the first, since there it stands for what its neighbours said of it.
 *
 *     ● ● ●
 *     ● ○ ·
 *     · · ·
 *
 * A stack of them sees a cone: of a row d above the pixel, nothing further than d to the right. So pixels (i, j) of equal
 * j + 2i never see one another, and are drawn together.
 *
 * @param itself - whether ○ is seen
 */
const mask = (itself: boolean): np.Array => np.array([1, 1, 1, 1, itself ? 1 : 0, 0, 0, 0, 0]).reshape([1, 1, 3, 3]);

/**
 * A 3×3 convolution of the pixels before each: [N, I, H, W] → [N, O, H, W].
 *
 * @param parameters - of which the masked places count for nothing; borrowed
 * @param x - consumed
 */
export const causalConvolution = ({ weight, bias }: Affine<np.Array>, x: np.Array, { itself }: { itself: boolean }) =>
  convolveAffine({ weight: weight.ref.mul(mask(itself)), bias }, x);

/** The wave of a pixel: it sees pixels of earlier waves alone. */
export const waveOfPixel = (row: number, column: number): number => column + 2 * row;
