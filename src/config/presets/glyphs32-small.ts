/** @file `glyphs32-small`: letters and digits on a laptop, of the size of `emoji32-small`. */
import type { CompleteConfigInput } from "../types.js";

export const glyphs32Small: CompleteConfigInput = {
  preset: "glyphs32-small",
  model: {
    resolution: 32,
    // The capital letters and the digits. Guidance needs classes; set 0 to do without.
    classes: 36,
    latentChannels: 8,
    finalBlocks: 1,
    // As in `emoji32-small`: narrow where images are large, deep below.
    levels: [
      { resolution: 1, channels: 64, encoderBlocks: 1, stochasticLayers: 2 },
      { resolution: 4, channels: 64, encoderBlocks: 1, stochasticLayers: 3 },
      { resolution: 8, channels: 64, encoderBlocks: 1, stochasticLayers: 3 },
      { resolution: 16, channels: 32, encoderBlocks: 1, stochasticLayers: 2 },
      { resolution: 32, channels: 16, encoderBlocks: 1, stochasticLayers: 1 },
    ],
  },
  objective: { output: "gaussian", informationSchedule: "on", sigma: 0.06, labelDropout: 0.1 },
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
    emaDecay: 0.999,
    emaWarmup: true,
    checkpointEvery: 500,
    evaluateEvery: 500,
    sampleEvery: 500,
  },
};
