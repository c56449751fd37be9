/** @file One picture as a PNG file, or as the pixels that canvases take. */
import type { Images } from "../data/image-set.js";

/**
 * One of several pictures as RGBA, opaque: `new ImageData(rgba.data, rgba.width, rgba.height)` shows it on a canvas.
 *
 * @param index - which one. Default: the first
 * @returns [R, R, 4], row by row
 * @throws RangeError when there is no picture at this index
 */
export function toRgba(
  { images, count, resolution }: Images,
  index = 0,
): { data: Uint8ClampedArray<ArrayBuffer>; width: number; height: number } {
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new RangeError(`Expected a picture from 0 to ${count - 1}, got ${index}.`);
  }
  const plane = resolution ** 2;
  const data = new Uint8ClampedArray(4 * plane).fill(255);
  for (let channel = 0; channel < 3; channel++) {
    const from = (index * 3 + channel) * plane;
    for (let pixel = 0; pixel < plane; pixel++) data[4 * pixel + channel] = images[from + pixel];
  }
  return { data, width: resolution, height: resolution };
}

/**
 * One of several pictures as a PNG file.
 *
 * @param index - which one. Default: the first
 * @throws RangeError when there is no picture at this index
 */
export async function toPng(pictures: Images, index = 0): Promise<Uint8Array> {
  const { data, width, height } = toRgba(pictures, index);
  const { default: sharp } = await import("sharp");
  return sharp(data, { raw: { width, height, channels: 4 } })
    .removeAlpha()
    .png()
    .toBuffer();
}
