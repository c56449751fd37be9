/** @file `glyphs64-superres`: doubles the resolution of what `glyphs32` draws. One core trains it in 68 minutes. */
import type { CompleteConfigInput } from "../types.js";

export const glyphs64Superres: CompleteConfigInput = {
  preset: "glyphs64-superres",
  model: {
    resolution: 64,
    classes: 36,
    latentChannels: 8,
    finalBlocks: 1,
    // The small picture says almost all there is. Narrow levels see many pictures within the hour: after five minutes, with
    // a noise of 0.1, 48 and 20 channels with one layer each were a decibel behind.
    levels: [
      { resolution: 32, channels: 32, encoderBlocks: 1, stochasticLayers: 2 },
      { resolution: 64, channels: 16, encoderBlocks: 1, stochasticLayers: 2 },
    ],
    // Less than the published 0.1: flat colours stay smooth. Raise it when the cascade exaggerates faults of the base model's samples.
    superResolution: { blocks: [1, 1, 1], noise: 0.06 },
  },
  objective: {
    output: "gaussian",
    sigma: 0.05,
    labelDropout: 0.1,
    spectralWeight: 0.02,
    // What 32² cannot hold is fine detail: a group at 64² is to carry twice what one at 32² does.
    informationSchedule: {
      shares: "per-resolution",
      weights: [
        { resolution: 32, weight: 1 },
        { resolution: 64, weight: 2 },
      ],
    },
  },
  optimizer: {
    startLearningRate: 1e-4,
    maxLearningRate: 2e-3,
    minLearningRate: 1e-5,
    decaySteps: 8000,
    beta2: 0.95,
    skipThreshold: 200,
  },
  training: {
    batchSize: 8,
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
