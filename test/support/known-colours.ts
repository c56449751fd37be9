/** @file Patches of known colours. */
import type { Samples } from "./encoded-images.js";

/** Colours of three channels and alpha in [0, 1]: dark and light, grey, and as colourful as a space has them. */
export const colours = [
  [1, 0, 0, 1],
  [0, 1, 0, 1],
  [0, 0, 1, 1],
  [1, 1, 1, 1],
  [0, 0, 0, 1],
  [0.78, 0.39, 0.2, 1],
  [0.04, 0.08, 0.12, 1],
  [0.5, 0.5, 0.5, 1],
  [0.2, 0.6, 0.8, 0.5],
  [0, 0, 0, 0.5],
  [1, 0, 0, 0],
  [0.9, 0.9, 0.3, 0.75],
];

/** Pixels of a patch, wide and high: as far as a codec looks. */
export const PATCH = 16;

export type Channels = "grey" | "grey and alpha" | "rgb" | "rgb and alpha";

const channelsOf: Record<Channels, (colour: number[]) => number[]> = {
  grey: ([, green]) => [green],
  "grey and alpha": ([, green, , alpha]) => [green, alpha],
  rgb: ([red, green, blue]) => [red, green, blue],
  "rgb and alpha": (colour) => colour,
};

/** The colours side by side, as whole numbers of some depth; grey is their green. */
export function patches(channels: Channels, depth: number): Samples {
  const values = colours.map((colour) =>
    channelsOf[channels](colour).map((each) => Math.round(each * (2 ** depth - 1))),
  );
  const row = values.flatMap((each) => new Array(PATCH).fill(each).flat());
  const samples = new Array(PATCH).fill(row).flat();
  return { width: PATCH * values.length, height: PATCH, depth, channels: values[0].length, samples };
}
