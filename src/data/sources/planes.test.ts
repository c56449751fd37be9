import { expect, test } from "vitest";
import { type Channels, colours, PATCH, patches } from "../../../test/support/known-colours.js";
import { arrayShape, planesOf } from "./planes.js";

const everyChannels: Channels[] = ["grey", "grey and alpha", "rgb", "rgb and alpha"];

test.each(everyChannels.flatMap((channels) => [true, false].map((planar): [Channels, boolean] => [channels, planar])))(
  "the known colours as an array of %s, planar: %s",
  (channels, planar) => {
    const { samples, width, height, channels: count } = patches(channels, 8);
    const plane = width * height;
    const values = Uint8Array.from(samples, (_, at) =>
      planar ? samples[(at % plane) * count + Math.floor(at / plane)] : samples[at],
    );
    const shape = planar ? [1, count, height, width] : [1, height, width, count];
    const { pixels } = planesOf(values, arrayShape("uint8", shape)!);
    colours.forEach(([red, green, blue, alpha], patch) => {
      const opacity = count % 2 === 0 ? alpha : 1;
      const known = count < 3 ? [green, green, green] : [red, green, blue];
      const middle = (PATCH / 2) * width + patch * PATCH + PATCH / 2;
      known.forEach((value, channel) => {
        const expected = 255 * (value * opacity + 1 - opacity);
        expect(Math.abs(pixels[channel * plane + middle] - expected)).toBeLessThanOrEqual(1.5);
      });
    });
  },
);

test("truth values are black and white", () => {
  const { pixels, width, height } = planesOf(Uint8Array.of(0, 1, 7, 0, 1, 0), arrayShape("bool", [1, 2, 3])!);
  expect([width, height]).toEqual([3, 2]);
  expect([...pixels.subarray(0, 6)]).toEqual([0, 255, 255, 0, 255, 0]);
});

test.each([
  ["float32", [4, 8, 8, 3]],
  ["uint8", [4, 8]],
  ["uint8", [4, 8, 8, 5]],
  ["uint8", [4, 0, 8, 3]],
  ["uint8", [2, 4, 8, 8, 3]],
])("%s %j are no images", (dtype, shape) => {
  expect(arrayShape(dtype, shape)).toBeUndefined();
});
