/** @file The small image that a super-resolution model starts from: a real one made smaller, with noise on it (paper §4.3). */

/**
 * Area downsampling: every pixel of the result is the mean of a square of pixels.
 *
 * @param images - [N, 3, from, from]
 * @param from - side of the images; a multiple of `to`
 * @returns [N, 3, to, to]
 */
export function areaDownsample(images: Float32Array, from: number, to: number): Float32Array {
  const factor = from / to;
  if (!Number.isInteger(factor)) throw new RangeError(`expected a side that divides ${from}, got ${to}`);
  const planes = images.length / from ** 2;
  const small = new Float32Array(planes * to ** 2);
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < to; y++) {
      for (let x = 0; x < to; x++) {
        let sum = 0;
        for (let row = y * factor; row < (y + 1) * factor; row++) {
          const start = plane * from ** 2 + row * from + x * factor;
          for (let i = start; i < start + factor; i++) sum += images[i];
        }
        small[(plane * to + y) * to + x] = sum / factor ** 2;
      }
    }
  }
  return small;
}

/** `values + deviation · noise`, element by element, in place. */
export function addNoise(values: Float32Array, noise: Float32Array, deviation: number): Float32Array {
  for (let i = 0; i < values.length; i++) values[i] += deviation * noise[i];
  return values;
}
