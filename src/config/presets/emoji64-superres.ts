/** @file `emoji64-superres`: doubles the resolution of what `emoji32` draws. One core trains it in 66 minutes. */
import type { CompleteConfigInput } from "../types.js";

export const emoji64Superres: CompleteConfigInput = {
  preset: "emoji64-superres",
  model: {
    resolution: 64,
    classes: 9,
    latentChannels: 8,
    finalBlocks: 1,
    // The small picture says almost all there is; narrow levels see many pictures within the hour. As in `glyphs64-superres`.
    levels: [
      { resolution: 32, channels: 32, encoderBlocks: 1, stochasticLayers: 2 },
      { resolution: 64, channels: 16, encoderBlocks: 1, stochasticLayers: 2 },
    ],
    // Raise the noise when the cascade exaggerates artefacts of the base model's samples, lower it when it redraws what it is given.
    superResolution: { blocks: [1, 1, 1], noise: 0.1 },
  },
  objective: {
    output: "gaussian",
    sigma: 0.05,
    labelDropout: 0.1,
    // The published 0.25 outweighs what so few and small groups have to say: it kept them at 30 nats, and the latents unused.
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
    // As in `emoji32`.
    beta2: 0.95,
    skipThreshold: 200,
  },
  training: {
    batchSize: 8,
    steps: 8000,
    flips: true,
    emaDecay: 0.999,
    emaWarmup: true,
    checkpointEvery: 500,
    evaluateEvery: 500,
    sampleEvery: 500,
  },
};
