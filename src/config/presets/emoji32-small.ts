/** @file `emoji32-small`: what a laptop learns in ten minutes. Start here. */
import type { ConfigInput } from "../schema.js";

export const emoji32Small: ConfigInput = {
  preset: "emoji32-small",
  model: {
    resolution: 32,
    classes: 0,
    latentChannels: 16,
    // One block after the last latent group is enough for flat-coloured drawings; photographs gain from three.
    finalBlocks: 1,
    // Most of the time goes into the top level: a layer at 32² costs four times one at 16². Spend depth below it first:
    // raise `stochasticLayers` at 8² and 16² when samples have the right texture but no structure.
    levels: [
      { resolution: 1, channels: 64, encoderBlocks: 1, stochasticLayers: 2 },
      { resolution: 4, channels: 64, encoderBlocks: 1, stochasticLayers: 2 },
      { resolution: 8, channels: 64, encoderBlocks: 2, stochasticLayers: 3 },
      { resolution: 16, channels: 64, encoderBlocks: 2, stochasticLayers: 2 },
      { resolution: 32, channels: 64, encoderBlocks: 1, stochasticLayers: 1 },
    ],
  },
  objective: { output: "gaussian", informationSchedule: "on" },
  optimizer: {
    // Small models bear, and short runs need, larger steps than the published ones.
    startLearningRate: 2e-4,
    maxLearningRate: 2e-3,
    minLearningRate: 2e-4,
    decaySteps: 4000,
    skipThreshold: 300,
  },
  training: {
    batchSize: 16,
    steps: 4000,
    // A mirrored emoji is still an emoji, and there are few of them.
    flips: true,
    // A short memory, warmed up: the published 0.9997 would still remember the random start.
    emaDecay: 0.995,
    emaWarmup: true,
    checkpointEvery: 500,
    evaluateEvery: 500,
    sampleEvery: 500,
  },
};
