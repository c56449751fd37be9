/** @file `cifar10`: the paper's CIFAR-10 model, 45.4M parameters, 39 latent groups. */
import type { CompleteConfigInput } from "../types.js";

export const cifar10: CompleteConfigInput = {
  preset: "cifar10",
  model: {
    resolution: 32,
    classes: 0,
    latentChannels: 16,
    finalBlocks: 3,
    levels: [
      { resolution: 1, channels: 128, encoderBlocks: 3, stochasticLayers: 3 },
      { resolution: 4, channels: 128, encoderBlocks: 6, stochasticLayers: 5 },
      { resolution: 8, channels: 128, encoderBlocks: 8, stochasticLayers: 7 },
      { resolution: 16, channels: 128, encoderBlocks: 8, stochasticLayers: 10 },
      { resolution: 32, channels: 128, encoderBlocks: 10, stochasticLayers: 14 },
    ],
  },
  objective: {
    output: "gaussian",
    sigma: 0.025,
    spectralWeight: 0.05,
    informationSchedule: { shares: "geometric", scale: 1000, shift: 10 },
  },
  optimizer: {
    startLearningRate: 6e-5,
    maxLearningRate: 6e-4,
    minLearningRate: 3e-4,
    warmupSteps: 50,
    decaySteps: 400_000,
    skipThreshold: 300,
  },
  training: {
    batchSize: 128,
    // Where memory is short, a batch is taken in parts (microBatchSize, rematerialise): the result is the same up to rounding.
    steps: 350_000,
    flips: true,
    emaDecay: 0.9997,
    checkpointEvery: 2500,
    keepCheckpoints: 10,
    // A way back from weeks of training: 0.7 GB for each of them; 0 keeps none.
    keepEvery: 100_000,
    logEvery: 500,
    evaluateEvery: 10_000,
    sampleEvery: 10_000,
  },
};
