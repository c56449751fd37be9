/** @file Pixels: what their bytes stand for, and the two orders they have in files, plane by plane and pixel by pixel. */

/** The value in [−1, 1] that a byte, or a mean of bytes, stands for, as models take it. */
export const pixelValue = (byte: number): number => byte / 127.5 - 1;

/** That of each byte, in float32. */
export const pixelValues: Float32Array = Float32Array.from({ length: 256 }, (_, byte) => pixelValue(byte));

/** Square images [N, 3, R, R] as [N, R, R, 3]. */
export function interleaved({
  images,
  count,
  resolution,
}: {
  images: Uint8Array;
  count: number;
  resolution: number;
}): Uint8Array {
  const plane = resolution ** 2;
  const result = new Uint8Array(images.length);
  for (let image = 0; image < count; image++) {
    for (let channel = 0; channel < 3; channel++) {
      const from = (image * 3 + channel) * plane;
      for (let pixel = 0; pixel < plane; pixel++) result[(image * plane + pixel) * 3 + channel] = images[from + pixel];
    }
  }
  return result;
}

/** One image [R, R, channels] as [3, R, R]; grey in all three. */
export function planar(data: Uint8Array, channels: number, resolution: number): Uint8Array {
  const plane = resolution ** 2;
  const result = new Uint8Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    const from = channels < 3 ? 0 : channel;
    for (let pixel = 0; pixel < plane; pixel++) result[channel * plane + pixel] = data[pixel * channels + from];
  }
  return result;
}
