/** @file `cifar10-small`: the published CIFAR-10 model cut down until a laptop can train it overnight. */
import type { CompleteConfigInput } from "../types.js";

export const cifar10Small: CompleteConfigInput = {
  preset: "cifar10-small",
  model: {
    resolution: 32,
    classes: 0,
    latentChannels: 16,
    finalBlocks: 2,
    // The proportions of `cifar10` at half the width and a third of the depth.
    levels: [
      { resolution: 1, channels: 64, encoderBlocks: 1, stochasticLayers: 2 },
      { resolution: 4, channels: 64, encoderBlocks: 2, stochasticLayers: 2 },
      { resolution: 8, channels: 64, encoderBlocks: 3, stochasticLayers: 3 },
      { resolution: 16, channels: 64, encoderBlocks: 3, stochasticLayers: 4 },
      { resolution: 32, channels: 64, encoderBlocks: 3, stochasticLayers: 4 },
    ],
  },
  objective: { output: "gaussian", informationSchedule: "on" },
  optimizer: {
    startLearningRate: 1e-4,
    maxLearningRate: 1e-3,
    minLearningRate: 2e-4,
    decaySteps: 60_000,
    skipThreshold: 300,
  },
  training: {
    batchSize: 32,
    steps: 60_000,
    flips: true,
    emaDecay: 0.999,
    emaWarmup: true,
    checkpointEvery: 2000,
    evaluateEvery: 2000,
    sampleEvery: 2000,
  },
};
