/** @file `glyphs32`: a larger model of letters and digits, of the size of `emoji32`, to try guidance on. */
import type { CompleteConfigInput } from "../types.js";

export const glyphs32: CompleteConfigInput = {
  preset: "glyphs32",
  model: {
    resolution: 32,
    // The capital letters and the digits. Guidance needs classes; set 0 to do without.
    classes: 36,
    latentChannels: 8,
    finalBlocks: 1,
    // As in `emoji32`: wide where images are small, where the shape of a letter is decided.
    levels: [
      { resolution: 1, channels: 80, encoderBlocks: 1, stochasticLayers: 3 },
      { resolution: 4, channels: 80, encoderBlocks: 2, stochasticLayers: 4 },
      { resolution: 8, channels: 64, encoderBlocks: 2, stochasticLayers: 4 },
      { resolution: 16, channels: 48, encoderBlocks: 2, stochasticLayers: 3, attention: 1 },
      { resolution: 32, channels: 32, encoderBlocks: 1, stochasticLayers: 2 },
    ],
  },
  objective: { output: "gaussian", informationSchedule: "on", sigma: 0.06, labelDropout: 0.1 },
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
