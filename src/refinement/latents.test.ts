import { expect, test } from "vitest";
import { tinyConfig, tinySuperResolution } from "../../test/support/tiny.js";
import {
  channelMoments,
  checkGroups,
  defaultGroups,
  denormalise,
  normalise,
  splitStacks,
  stackGroups,
  stacksOf,
} from "./latents.js";

const level = (resolution: number, stochasticLayers: number) => ({
  ...{ resolution, channels: 8, encoderBlocks: 1, attention: 0, stochasticLayers },
});
const { model } = tinyConfig({
  model: { resolution: 16, latentChannels: 2, levels: [level(1, 2), level(4, 1), level(8, 1), level(16, 1)] },
});

test("groups of one resolution are the channels of one array, in their order, and come back from it", () => {
  const stacks = stacksOf(model, 3);
  expect(stacks.map(({ shape }) => shape)).toEqual([
    [4, 1, 1],
    [2, 4, 4],
  ]);
  const byGroup = [
    Float32Array.of(1, 2, 5, 6),
    Float32Array.of(3, 4, 7, 8),
    Float32Array.from({ length: 64 }, (_, i) => i),
  ];
  const stacked = stackGroups(stacks, byGroup);
  expect([...stacked[0]]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(stacked[1]).toEqual(byGroup[2]);
  expect(splitStacks(stacks, stacked)).toEqual(byGroup);
});

test("channels are normalised over images and pixels, and back", () => {
  const shape: [number, number, number] = [2, 1, 2];
  const values = Float32Array.of(1, 3, 10, 10, 5, 7, 10, 10); // two images of two channels of two pixels
  const moments = channelMoments(values, shape);
  expect([...moments.mean]).toEqual([4, 10]);
  expect(moments.deviation[0]).toBeCloseTo(Math.sqrt(5), 6);
  expect(moments.deviation[1]).toBeCloseTo(1e-3, 9); // a channel that does not vary is not blown up
  const normal = values.slice();
  normalise(normal, shape, moments);
  expect(normal[0]).toBeCloseTo(-3 / Math.sqrt(5), 5);
  denormalise(normal, shape, moments);
  expect([...normal]).toEqual([...values].map((value) => expect.closeTo(value, 5)));
});

test("groups of at most 8×8 pixels are refined; other numbers and other models are refused", () => {
  expect(defaultGroups(model)).toBe(4);
  expect(() => checkGroups(model, 5)).toThrow("expected from 1 to 4 groups, as many as have at most 8×8 pixels, got 5");
  expect(() => checkGroups(model, 0)).toThrow("got 0");
  expect(() => checkGroups(tinyConfig({ model: tinySuperResolution }).model, 1)).toThrow(
    "got a super-resolution model",
  );
  const fine = tinyConfig({ model: { resolution: 16, levels: [level(16, 2)] } }).model;
  expect(() => checkGroups(fine, 1)).toThrow("got one that begins with 16×16");
});
