/** @file `glyphs32-small`: letters and digits on a laptop, for a refinement to draw from. Ten minutes for both stages. */
import type { CompleteConfigInput } from "../types.js";

export const glyphs32Small: CompleteConfigInput = {
  preset: "glyphs32-small",
  model: {
    resolution: 32,
    // The capital letters and the digits. Guidance needs classes; set 0 to do without.
    classes: 36,
    latentChannels: 6,
    finalBlocks: 1,
    // A letter is what stands where.
    positions: true,
    // Few groups, most of their channels at 8²: together they say nearly all of an image in 864 numbers, which a refinement
    // learns to draw. Its own prior cannot, in so few groups: samples without the refinement are blots.
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
    labelDropout: 0.1,
    // What a letter looks like belongs into the groups that the refinement draws; edges are left to the last two.
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
    // A mirrored letter is another picture.
    flips: false,
    // A short memory, warmed up: the published 0.9997 would still remember the random start.
    emaDecay: 0.995,
    emaWarmup: true,
    checkpointEvery: 500,
    evaluateEvery: 500,
    sampleEvery: 500,
  },
};
