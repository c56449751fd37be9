/** @file `glyphs32`: `glyphs32-small` with more channels and ten times the images, for an hour and an hour of refinement. */
import type { CompleteConfigInput } from "../types.js";

export const glyphs32: CompleteConfigInput = {
  preset: "glyphs32",
  model: {
    resolution: 32,
    // The capital letters and the digits. Guidance needs classes; set 0 to do without.
    classes: 36,
    latentChannels: 6,
    finalBlocks: 1,
    positions: true,
    // Few groups, most of their channels at 8², for a refinement to draw from; as in `glyphs32-small`.
    levels: [
      { resolution: 4, channels: 96, encoderBlocks: 1, stochasticLayers: 1 },
      { resolution: 8, channels: 80, encoderBlocks: 2, stochasticLayers: 2 },
      { resolution: 16, channels: 48, encoderBlocks: 1, stochasticLayers: 1 },
      { resolution: 32, channels: 24, encoderBlocks: 1, stochasticLayers: 1 },
    ],
  },
  objective: {
    output: "gaussian",
    sigma: 0.06,
    labelDropout: 0.1,
    // What a letter looks like belongs into the groups that the refinement draws.
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
    maxLearningRate: 3e-3,
    minLearningRate: 1e-5,
    decaySteps: 8000,
    // As in `glyphs32-small`.
    beta2: 0.95,
    skipThreshold: 300,
  },
  training: {
    batchSize: 16,
    steps: 8000,
    // A mirrored letter is another picture.
    flips: false,
    emaDecay: 0.999,
    emaWarmup: true,
    checkpointEvery: 500,
    evaluateEvery: 500,
    sampleEvery: 500,
  },
};
