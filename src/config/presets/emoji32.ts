/** @file `emoji32`: a class-conditional emoji model for a machine with a GPU, to try guidance on. */
import type { ConfigInput } from "../schema.js";

export const emoji32: ConfigInput = {
  preset: "emoji32",
  model: {
    resolution: 32,
    // The nine groups of Unicode's emoji list. Guidance needs classes; set 0 to do without.
    classes: 9,
    latentChannels: 16,
    finalBlocks: 3,
    // One attention layer at 16² ties the two halves of symmetric drawings together.
    levels: [
      { resolution: 1, channels: 128, encoderBlocks: 2, stochasticLayers: 3 },
      { resolution: 4, channels: 128, encoderBlocks: 3, stochasticLayers: 4 },
      { resolution: 8, channels: 128, encoderBlocks: 4, stochasticLayers: 6 },
      { resolution: 16, channels: 128, encoderBlocks: 4, stochasticLayers: 6, attention: 1 },
      { resolution: 32, channels: 128, encoderBlocks: 4, stochasticLayers: 6 },
    ],
  },
  objective: { output: "gaussian", informationSchedule: "on", labelDropout: 0.1 },
  optimizer: {
    startLearningRate: 6e-5,
    maxLearningRate: 6e-4,
    minLearningRate: 1e-4,
    decaySteps: 60_000,
    skipThreshold: 300,
  },
  training: {
    batchSize: 64,
    steps: 60_000,
    flips: true,
    emaDecay: 0.999,
    emaWarmup: true,
    checkpointEvery: 2000,
    evaluateEvery: 2000,
    sampleEvery: 2000,
  },
};
