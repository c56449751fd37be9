/**
 * @file How images come to the size and range that the Inception network takes: bilinear, without antialiasing, in one of two
 * conventions that published numbers follow. They differ in where the pixels lie, and in what white is.
 */
import { numpy as np } from "@jax-js/jax";
import { resampled } from "../features/resampling.js";
import { INPUT_SIZE } from "./architecture.js";

/**
 * `tensorflow`: as the graph of 2015 does, and with it most published numbers (pixel i of 299 at i · n / 299; (x − 128) / 128).
 * `pytorch`: as pytorch-fid does (pixel i at (i + ½) · n / 299 − ½; 2 x / 255 − 1).
 */
export type ResizeConvention = "tensorflow" | "pytorch";

const conventions = {
  tensorflow: { position: (i: number, scale: number) => i * scale, centre: 128, half: 128 },
  pytorch: { position: (i: number, scale: number) => Math.max((i + 0.5) * scale - 0.5, 0), centre: 127.5, half: 127.5 },
};

/**
 * [299, n]: how much of each pixel of a line goes into each pixel of the resized one; the last pixel goes on beyond the border.
 */
export function interpolation(size: number, convention: ResizeConvention): Float32Array<ArrayBuffer> {
  const { position } = conventions[convention];
  const matrix = new Float32Array(INPUT_SIZE * size);
  for (let i = 0; i < INPUT_SIZE; i++) {
    const at = position(i, size / INPUT_SIZE);
    const below = Math.floor(at);
    matrix[i * size + below] += 1 - (at - below);
    matrix[i * size + Math.min(below + 1, size - 1)] += at - below;
  }
  return matrix;
}

/**
 * R x Rᵀ with the interpolation matrix R, scaled to about [-1, 1]; neither rounded nor clipped.
 *
 * @param images - [N, 3, n, n] in [0, 255]; owned
 * @returns [N, 3, 299, 299]
 */
export function resizeForInception(images: np.Array, convention: ResizeConvention): np.Array {
  const size = images.shape[3];
  const { centre, half } = conventions[convention];
  const matrix = np.array(interpolation(size, convention)).reshape([INPUT_SIZE, size]);
  const centred = images.sub(centre).mul(1 / half); // a line's weights sum to 1, so that it may be scaled before
  return resampled(centred, matrix.ref, matrix);
}
