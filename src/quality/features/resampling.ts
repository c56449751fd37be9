/** @file Resampling of images: averages over areas, and products with constant matrices, one for each direction. */
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

/**
 * Images at another size: every pixel is the mean of the area it covers, parts of pixels counted as parts. `areaDownsample`,
 * which makes the inputs of super-resolution, adds whole squares and rounds once; here rows are rounded to float32 in between.
 * Features that are kept rely on the one, and runs on the other.
 *
 * @param images - [N, 3, from, from]
 * @returns [N, 3, to, to]; the same array where the sizes agree
 */
export function averagedTo(images: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return images;
  const covered = coverage(from, to);
  const planes = images.length / from ** 2;
  const narrow = new Float32Array(planes * from * to); // rows as they were
  for (let row = 0; row < planes * from; row++) {
    for (let column = 0; column < to; column++) {
      let sum = 0;
      for (const { place, share } of covered[column]) sum += share * images[row * from + place];
      narrow[row * to + column] = sum;
    }
  }
  const small = new Float32Array(planes * to * to);
  for (let row = 0; row < planes * to; row++) {
    const plane = Math.floor(row / to) * from;
    for (const { place, share } of covered[row % to]) {
      const start = (plane + place) * to;
      for (let column = 0; column < to; column++) small[row * to + column] += share * narrow[start + column];
    }
  }
  return small;
}

/** For each of `to` equal parts of a line the pixels, of `from`, that it covers, with their shares, which sum to 1. */
function coverage(from: number, to: number): { place: number; share: number }[][] {
  const step = from / to;
  return Array.from({ length: to }, (_, part) => {
    const [start, end] = [part * step, (part + 1) * step];
    const first = Math.floor(start);
    return Array.from({ length: Math.min(Math.ceil(end), from) - first }, (_, offset) => {
      const place = first + offset;
      return { place, share: (Math.min(end, place + 1) - Math.max(start, place)) / step };
    });
  });
}
