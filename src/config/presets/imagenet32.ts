/** @file `imagenet32`: the paper's class-conditional ImageNet 32² model, 198.5M parameters, 57 latent groups. */
import type { CompleteConfigInput } from "../types.js";

export const imagenet32: CompleteConfigInput = {
  preset: "imagenet32",
  model: {
    resolution: 32,
    classes: 1000,
    latentChannels: 16,
    finalBlocks: 3,
    levels: [
      { resolution: 1, channels: 256, encoderBlocks: 6, stochasticLayers: 8 },
      { resolution: 4, channels: 256, encoderBlocks: 7, stochasticLayers: 8 },
      { resolution: 8, channels: 256, encoderBlocks: 9, stochasticLayers: 10 },
      { resolution: 16, channels: 256, encoderBlocks: 12, stochasticLayers: 16, attention: 3 },
      { resolution: 32, channels: 128, encoderBlocks: 11, stochasticLayers: 15, attention: 3 },
    ],
  },
  objective: {
    output: "gaussian",
    sigma: 0.025,
    labelDropout: 0.1,
    spectralWeight: 0.1,
    informationSchedule: { shares: "geometric", scale: 1000, shift: 10 },
  },
  optimizer: {
    startLearningRate: 4e-5,
    maxLearningRate: 4e-4,
    minLearningRate: 2e-4,
    warmupSteps: 50,
    decaySteps: 800_000,
    skipThreshold: 300,
  },
  training: {
    batchSize: 256,
    steps: 1_052_500,
    // 1.3M images need no augmentation.
    flips: false,
    emaDecay: 0.9999,
    checkpointEvery: 2500,
    keepCheckpoints: 10,
    // A way back from weeks of training: 3.2 GB for each of them; 0 keeps none.
    keepEvery: 100_000,
    logEvery: 500,
    evaluateEvery: 10_000,
    sampleEvery: 10_000,
  },
};
