/** @file The latents that a refinement learns and draws: those of a model's first groups, stacked by resolution. */
import type { ModelConfig } from "../config/index.js";
import { UserError } from "../errors.js";
import { type Group, groups } from "../model/index.js";

/** Groups of finer resolutions are left to the model's own prior: they add detail, and most of the cost. */
const FINEST = 8;

/** How many of a model's groups are refined where nothing is said: all up to 8×8. */
export const defaultGroups = (model: ModelConfig): number =>
  groups(model).filter(({ resolution }) => resolution <= FINEST).length;

/**
 * Checks how many groups are to be refined.
 *
 * @throws UserError when the model has none of at most 8×8 pixels, or not so many
 */
export function checkGroups(model: ModelConfig, count: number): void {
  if (model.superResolution) {
    throw new UserError(
      "wrong-model",
      "Refinement: expected a base model, got a super-resolution model, whose first latents follow the image that it enlarges.",
    );
  }
  const most = defaultGroups(model);
  if (most === 0) {
    throw new UserError(
      "wrong-model",
      `Refinement: expected a model with latent groups of at most ${FINEST}×${FINEST} pixels, got one that begins with ` +
        `${model.levels[0].resolution}×${model.levels[0].resolution}.`,
    );
  }
  if (Number.isInteger(count) && count >= 1 && count <= most) return;
  throw new UserError(
    "out-of-range",
    `Refinement: expected from 1 to ${most} groups, as many as have at most ${FINEST}×${FINEST} pixels, got ${count}.`,
  );
}

/** The groups of one resolution, as the channels of one array. */
export interface Stack {
  groups: Group[];
  /** Of one image: channels of all groups, and the resolution. */
  shape: [channels: number, height: number, width: number];
}

/** The first `count` groups by resolution, lowest first. */
export function stacksOf(model: ModelConfig, count: number): Stack[] {
  const first = groups(model).slice(0, count);
  const resolutions = [...new Set(first.map(({ resolution }) => resolution))];
  return resolutions.map((resolution) => {
    const own = first.filter((group) => group.resolution === resolution);
    return { groups: own, shape: [own.reduce((sum, { channels }) => sum + channels, 0), resolution, resolution] };
  });
}

const sizeOf = ({ shape: [channels, height, width] }: Pick<Stack, "shape">): number => channels * height * width;

/** Arrays of the groups, [N, Z, r, r] each, as those of the stacks, [N, C, r, r]. */
export function stackGroups(stacks: readonly Stack[], byGroup: readonly Float32Array[]): Float32Array[] {
  const first = stacks[0].groups[0];
  const count = byGroup[0].length / sizeOf(first);
  return stacks.map((stack) => {
    const stacked = new Float32Array(count * sizeOf(stack));
    forParts(stack, count, (group, image, offset, size) => {
      stacked.set(byGroup[group].subarray(image * size, (image + 1) * size), offset);
    });
    return stacked;
  });
}

/** The inverse of {@link stackGroups}. */
export function splitStacks(stacks: readonly Stack[], stacked: readonly Float32Array[]): Float32Array[] {
  const count = stacked[0].length / sizeOf(stacks[0]);
  const byGroup: Float32Array[] = [];
  for (const [index, stack] of stacks.entries()) {
    for (const group of stack.groups) byGroup[group.index] = new Float32Array(count * sizeOf(group));
    forParts(stack, count, (group, image, offset, size) => {
      byGroup[group].set(stacked[index].subarray(offset, offset + size), image * size);
    });
  }
  return byGroup;
}

/** Where each group of each image lies in a stacked array. */
function forParts(
  { groups: own, ...stack }: Stack,
  count: number,
  visit: (group: number, image: number, offset: number, size: number) => void,
): void {
  for (let image = 0; image < count; image++) {
    let offset = image * sizeOf(stack);
    for (const group of own) {
      visit(group.index, image, offset, sizeOf(group));
      offset += sizeOf(group);
    }
  }
}

/** Mean and standard deviation of every channel, [C] each. */
export interface ChannelMoments<T = Float32Array> {
  mean: T;
  deviation: T;
}

/** A channel that hardly varies is not blown up. */
const LEAST_DEVIATION = 1e-3;

/** Mean and deviation of each channel over all images and pixels of [N, C, r, r]. */
export function channelMoments(values: Float32Array, [channels, height, width]: Stack["shape"]): ChannelMoments {
  const plane = height * width;
  const [sums, squares] = [new Float64Array(channels), new Float64Array(channels)];
  for (let i = 0; i < values.length; i++) {
    const channel = Math.floor(i / plane) % channels;
    sums[channel] += values[i];
    squares[channel] += values[i] ** 2;
  }
  const perChannel = values.length / channels;
  const mean = Float32Array.from(sums, (sum) => sum / perChannel);
  const deviation = Float32Array.from(squares, (square, channel) =>
    Math.max(LEAST_DEVIATION, Math.sqrt(Math.max(0, square / perChannel - (sums[channel] / perChannel) ** 2))),
  );
  return { mean, deviation };
}

/** (z − mean) / deviation of each channel, in place. */
export function normalise(values: Float32Array, shape: Stack["shape"], { mean, deviation }: ChannelMoments): void {
  changeChannels(values, shape, (value, channel) => (value - mean[channel]) / deviation[channel]);
}

/** mean + x · deviation of each channel, in place. */
export function denormalise(values: Float32Array, shape: Stack["shape"], { mean, deviation }: ChannelMoments): void {
  changeChannels(values, shape, (value, channel) => mean[channel] + value * deviation[channel]);
}

function changeChannels(
  values: Float32Array,
  [channels, height, width]: Stack["shape"],
  change: (value: number, channel: number) => number,
): void {
  const plane = height * width;
  for (let i = 0; i < values.length; i++) values[i] = change(values[i], Math.floor(i / plane) % channels);
}
