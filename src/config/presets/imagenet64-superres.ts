/** @file `imagenet64-superres`: the paper's class-conditional ImageNet 32² → 64² model, 147.5M parameters, 40 latent groups. */
import type { CompleteConfigInput } from "../types.js";

export const imagenet64Superres: CompleteConfigInput = {
  preset: "imagenet64-superres",
  model: {
    resolution: 64,
    classes: 1000,
    latentChannels: 16,
    finalBlocks: 3,
    levels: [
      { resolution: 32, channels: 256, encoderBlocks: 14, stochasticLayers: 20, attention: 4 },
      { resolution: 64, channels: 128, encoderBlocks: 14, stochasticLayers: 20 },
    ],
    superResolution: { blocks: [2, 2, 2], noise: 0.1 },
  },
  objective: {
    output: "gaussian",
    sigma: 0.025,
    labelDropout: 0.1,
    spectralWeight: 0.25,
    informationSchedule: {
      shares: "per-resolution",
      weights: [
        { resolution: 32, weight: 1 },
        { resolution: 64, weight: 2 },
      ],
    },
  },
  optimizer: {
    startLearningRate: 3e-5,
    maxLearningRate: 3e-4,
    minLearningRate: 3e-4,
    warmupSteps: 50,
    decaySteps: 300_000,
    skipThreshold: 200,
  },
  training: {
    // Three micro-batches of 64, as published.
    batchSize: 192,
    microBatchSize: 64,
    steps: 337_500,
    flips: true,
    emaDecay: 0.9998,
    checkpointEvery: 2500,
    keepCheckpoints: 10,
    // A way back from weeks of training: 2.4 GB for each of them; 0 keeps none.
    keepEvery: 100_000,
    logEvery: 500,
    evaluateEvery: 10_000,
    sampleEvery: 10_000,
  },
};
