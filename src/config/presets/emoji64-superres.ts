/** @file `emoji64-superres`: doubles the resolution of what `emoji32` draws. */
import type { ConfigInput } from "../schema.js";

export const emoji64Superres: ConfigInput = {
  preset: "emoji64-superres",
  model: {
    resolution: 64,
    classes: 9,
    latentChannels: 16,
    finalBlocks: 2,
    // Only the detail that 32² cannot hold is left to learn, so two levels do.
    levels: [
      { resolution: 32, channels: 128, encoderBlocks: 3, stochasticLayers: 4 },
      { resolution: 64, channels: 64, encoderBlocks: 3, stochasticLayers: 4 },
    ],
    // Raise the noise when the cascade exaggerates artefacts of the base model's samples.
    superResolution: { blocks: [1, 1, 1], noise: 0.1 },
  },
  objective: { output: "gaussian", informationSchedule: "on", labelDropout: 0.1, spectralWeight: 0.25 },
  optimizer: {
    startLearningRate: 3e-5,
    maxLearningRate: 3e-4,
    minLearningRate: 1e-4,
    decaySteps: 30_000,
    skipThreshold: 200,
  },
  training: {
    batchSize: 32,
    steps: 30_000,
    flips: true,
    emaDecay: 0.999,
    emaWarmup: true,
    checkpointEvery: 2000,
    evaluateEvery: 2000,
    sampleEvery: 2000,
  },
};
