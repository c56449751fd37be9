/** @file `emoji32-small`: what a laptop learns in ten minutes. Start here. */
import type { CompleteConfigInput } from "../types.js";

export const emoji32Small: CompleteConfigInput = {
  preset: "emoji32-small",
  model: {
    resolution: 32,
    classes: 0,
    latentChannels: 8,
    // One block after the last latent group is enough for flat-coloured drawings; photographs gain from three.
    finalBlocks: 1,
    // Most of the time goes into the top level: a layer at 32² costs four times one at 16². So it is narrow and shallow,
    // and the depth is below it: raise `stochasticLayers` at 8² and 16² when samples have texture but no structure.
    levels: [
      { resolution: 1, channels: 64, encoderBlocks: 1, stochasticLayers: 2 },
      { resolution: 4, channels: 64, encoderBlocks: 1, stochasticLayers: 3 },
      { resolution: 8, channels: 64, encoderBlocks: 1, stochasticLayers: 3 },
      { resolution: 16, channels: 32, encoderBlocks: 1, stochasticLayers: 2 },
      { resolution: 32, channels: 16, encoderBlocks: 1, stochasticLayers: 1 },
    ],
  },
  objective: { output: "gaussian", informationSchedule: "on", sigma: 0.06 },
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
    // A mirrored emoji is still an emoji, and there are few of them.
    flips: true,
    // A short memory, warmed up: the published 0.9997 would still remember the random start.
    emaDecay: 0.999,
    emaWarmup: true,
    checkpointEvery: 500,
    evaluateEvery: 500,
    sampleEvery: 500,
  },
};
