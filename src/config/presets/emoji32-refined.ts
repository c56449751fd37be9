/** @file `emoji32-refined`: drawings without classes on a laptop, for a refinement to draw from. Ten minutes for both stages. */
import type { CompleteConfigInput } from "../types.js";

export const emoji32Refined: CompleteConfigInput = {
  preset: "emoji32-refined",
  model: {
    resolution: 32,
    classes: 0,
    // As in `glyphs32-small`: few groups, most of their channels at 8², for a refinement to draw. Its own prior cannot: samples
    // without the refinement are blots.
    latentChannels: 6,
    finalBlocks: 1,
    positions: true,
    levels: [
      { resolution: 4, channels: 96, encoderBlocks: 1, stochasticLayers: 1 },
      { resolution: 8, channels: 64, encoderBlocks: 2, stochasticLayers: 2 },
      { resolution: 16, channels: 32, encoderBlocks: 1, stochasticLayers: 1 },
      { resolution: 32, channels: 16, encoderBlocks: 1, stochasticLayers: 1 },
    ],
  },
  objective: {
    output: "gaussian",
    sigma: 0.06,
    // What a drawing is of belongs into the groups that the refinement draws; edges are left to the last two.
    informationSchedule: {
      shares: "per-resolution",
      weights: [
        { resolution: 4, weight: 3 },
        { resolution: 8, weight: 6 },
        { resolution: 16, weight: 2 },
        { resolution: 32, weight: 1 },
      ],
    },
  },
  optimizer: {
    startLearningRate: 1e-4,
    maxLearningRate: 4e-3,
    minLearningRate: 1e-5,
    decaySteps: 3000,
    // The first hundred gradients are huge, and the published 0.999 would remember them for the whole of a short run.
    beta2: 0.95,
    skipThreshold: 300,
  },
  training: {
    batchSize: 16,
    steps: 3000,
    // A mirrored emoji is still an emoji, and there are few of them.
    flips: true,
    // A short memory, warmed up: the published 0.9997 would still remember the random start.
    emaDecay: 0.995,
    emaWarmup: true,
    checkpointEvery: 500,
    evaluateEvery: 500,
    sampleEvery: 500,
  },
};
