/** @file Resampling of images by products with constant matrices, one for each direction. */
import { numpy as np } from "@jax-js/jax";

/**
 * V x Hᵀ
 *
 * @param images - [N, C, h, w]; owned
 * @param vertical - [H, h], how much of each line goes into each new one; owned
 * @param horizontal - [W, w]; owned
 * @returns [N, C, H, W]
 */
export function resampled(images: np.Array, vertical: np.Array, horizontal: np.Array): np.Array {
  const wide = np.matmul(images, horizontal.transpose()); // [N, C, h, W]
  return np.matmul(wide.transpose([0, 1, 3, 2]), vertical.transpose()).transpose([0, 1, 3, 2]);
}

/**
 * [to, from]: bilinear interpolation, whose triangle is stretched where an image shrinks so that every pixel counts
 * (antialiasing), as image libraries do it, without their rounding.
 */
export function bilinear(from: number, to: number): Float32Array<ArrayBuffer> {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const row = Array.from({ length: from }, (_, j) => Math.max(1 - Math.abs(j + 0.5 - centre) / reach, 0));
    const sum = row.reduce((total, weight) => total + weight);
    matrix.set(
      row.map((weight) => weight / sum),
      i * from,
    );
  }
  return matrix;
}
