/** @file Arrays of pixels as red, green and blue planes: grey three times, what is transparent on white, as in files. */
import type { Planes } from "./source.js";

/** How the numbers of one image lie, uint8. */
export interface ArrayShape {
  width: number;
  height: number;
  /** Grey, grey and alpha, RGB, RGB and alpha. */
  channels: number;
  /** Whether each channel is a plane of its own, as in [C, H, W], or its values lie beside one another, as in [H, W, C]. */
  planar: boolean;
  /** The value of white: 255, or 1 for truth values. */
  white: number;
}

const MOST_CHANNELS = 4;

/**
 * The shape of images [N, H, W], [N, H, W, C] or [N, C, H, W]; undefined for an array that can be none.
 *
 * @param dtype - "uint8" or "bool"; there is no telling black and white of others
 */
export function arrayShape(dtype: string, shape: readonly number[]): ArrayShape | undefined {
  if (dtype !== "uint8" && dtype !== "bool") return undefined;
  const white = dtype === "bool" ? 1 : 255;
  const isChannels = (size: number) => size >= 1 && size <= MOST_CHANNELS;
  if (shape.slice(1).some((size) => size < 1)) return undefined;
  if (shape.length === 3) {
    const [, height, width] = shape;
    return { width, height, channels: 1, planar: true, white };
  }
  if (shape.length !== 4) return undefined;
  const [, first, second, third] = shape;
  if (isChannels(third)) return { width: second, height: first, channels: third, planar: false, white };
  return isChannels(first) ? { width: third, height: second, channels: first, planar: true, white } : undefined;
}

/**
 * Red, green and blue of one image.
 *
 * @param values - uint8, as many as the shape says; borrowed
 */
export function planesOf(values: Uint8Array, { width, height, channels, planar, white }: ArrayShape): Planes {
  const plane = width * height;
  if (channels === 3 && planar && white === 255) return { pixels: values, width, height };
  const pixels = new Uint8Array(3 * plane);
  const [step, between] = planar ? [1, plane] : [channels, 1];
  const colours = channels < 3 ? 1 : 3;
  const scale = 255 / white;
  for (let colour = 0; colour < 3; colour++) {
    const from = (colours === 1 ? 0 : colour) * between;
    const target = pixels.subarray(colour * plane, (colour + 1) * plane);
    if (channels === colours) {
      for (let pixel = 0; pixel < plane; pixel++) target[pixel] = scale * Math.min(values[pixel * step + from], white);
    } else {
      const alpha = colours * between;
      for (let pixel = 0; pixel < plane; pixel++) {
        const opacity = values[pixel * step + alpha];
        target[pixel] = Math.round((values[pixel * step + from] * opacity) / 255 + 255 - opacity);
      }
    }
  }
  return { pixels, width, height };
}
