/** @file `emoji32`: a class-conditional emoji model, to try guidance on. Two cores train it in an hour; its weights ship as `pretrained:emoji32`. */
import type { CompleteConfigInput } from "../types.js";

export const emoji32: CompleteConfigInput = {
  preset: "emoji32",
  model: {
    resolution: 32,
    // The nine groups of Unicode's emoji list. Guidance needs classes; set 0 to do without.
    classes: 9,
    latentChannels: 8,
    finalBlocks: 1,
    // Wide where images are small: the low resolutions decide what a drawing is of, hold most of the 3.9M parameters and cost
    // little time. One attention layer at 16² ties the two halves of symmetric drawings together.
    levels: [
      { resolution: 1, channels: 80, encoderBlocks: 1, stochasticLayers: 3 },
      { resolution: 4, channels: 80, encoderBlocks: 2, stochasticLayers: 4 },
      { resolution: 8, channels: 64, encoderBlocks: 2, stochasticLayers: 4 },
      { resolution: 16, channels: 48, encoderBlocks: 2, stochasticLayers: 3, attention: 1 },
      { resolution: 32, channels: 32, encoderBlocks: 1, stochasticLayers: 2 },
    ],
  },
  // σ_q says how exact a drawing must be. 0.06 is about 8 of 255 levels: the published 0.025 spends most of a short run on shades.
  objective: { output: "gaussian", informationSchedule: "on", sigma: 0.06, labelDropout: 0.1 },
  optimizer: {
    startLearningRate: 1e-4,
    maxLearningRate: 3e-3,
    minLearningRate: 1e-5,
    decaySteps: 8000,
    // The first hundred gradients are huge, and the published 0.999 would remember them for a good part of the run.
    beta2: 0.95,
    skipThreshold: 300,
  },
  training: {
    batchSize: 16,
    steps: 8000,
    flips: true,
    emaDecay: 0.999,
    emaWarmup: true,
    checkpointEvery: 500,
    evaluateEvery: 500,
    sampleEvery: 500,
  },
};
