/** @file Settings of a training run: batches, length, checkpoints, and what is shown on the way. */
import { z } from "zod";
import { automatic, count, section, setting } from "../setting.js";

export const trainingSchema = section(
  z
    .strictObject({
      batchSize: setting(count, {
        description: "Images of one update.",
        unit: "images",
        advice: "Memory does not limit it, since batches are split to fit. Small sets do well with 16 to 32.",
      }),
      microBatchSize: setting(automatic(count, "a whole number from 1"), {
        description:
          'Images whose gradients are computed at once, a divisor of `batchSize`; `"auto"` takes what fits into memory.',
        unit: "images",
        advice: "Lower it when memory runs out. The result stays the same up to rounding.",
      }),
      rematerialise: setting(automatic(z.boolean(), "true, false"), {
        description:
          'Gradient checkpointing: recompute the inside of residual blocks in the backward pass instead of keeping it; `"auto"` does so where memory is short.',
        advice: "`true` takes far less memory and about a tenth more time.",
      }),
      steps: setting(count, {
        description: "Length of the run.",
        unit: "batches",
        advice: "Set `optimizer.decaySteps` with it.",
      }),
      flips: setting(z.boolean(), {
        description: "Flip images left to right half of the time.",
        advice: "`false` for text, digits and whatever else a mirror spoils; `true` helps small sets.",
      }),
      emaDecay: setting(z.number().min(0).lt(1), {
        description: "Decay of the moving average of the weights, which all samples and figures use.",
        unit: "per update",
        advice: "0.999 for runs of thousands of updates, 0.9997 and more for hundreds of thousands.",
      }),
      emaWarmup: setting(z.boolean().default(false), {
        description: "Use the smaller decay (1 + t) / (10 + t) while only a few updates t are done.",
        advice: "`true` for short runs, so that the average forgets the random start.",
      }),
      checkpointEvery: setting(count, {
        description: "Distance between checkpoints.",
        unit: "updates",
        advice: "A crash costs at most this much work. Stopping a run saves it as well.",
      }),
      keepCheckpoints: setting(count.default(3), {
        description: "Number of newest checkpoints to keep; the best on held-out images is kept besides.",
        unit: "checkpoints",
        advice: "Lower it when the disk is small.",
      }),
      keepEvery: setting(z.int().nonnegative().default(0), {
        description: "Keep the first checkpoint from every multiple of this for good; 0 keeps none.",
        unit: "batches",
        advice: "100,000 gives runs of weeks a way back.",
      }),
      maxConsecutiveSkips: setting(count.default(50), {
        description: "Updates skipped in a row after which training stops and says what was wrong with them.",
        unit: "updates",
        advice: "No need to change it.",
      }),
      logEvery: setting(count.default(50), {
        description: "Distance between lines of metrics.",
        unit: "batches",
        advice: "500 for runs of hundreds of thousands of batches.",
      }),
      evaluateEvery: setting(count, {
        description: "Distance between evaluations on held-out images.",
        unit: "batches",
        advice: "Raise it when evaluation takes a noticeable part of the time.",
      }),
      sampleEvery: setting(count, {
        description: "Distance between grids of samples and reconstructions; early in a run they come more often.",
        unit: "batches",
        advice: "As often as you want to look.",
      }),
      seed: setting(z.int().min(0).max(0xffffffff).default(0), {
        description: "Seed of initial weights, data order and noise.",
        advice: "Repeat a run under several seeds before you trust a small difference.",
      }),
    })
    .superRefine(({ batchSize, microBatchSize }, context) => {
      if (microBatchSize !== "auto" && batchSize % microBatchSize !== 0) {
        const message = `expected a divisor of batchSize (${batchSize}), got ${microBatchSize}`;
        context.addIssue({ code: "custom", path: ["microBatchSize"], message });
      }
    }),
  "TrainingConfig",
  "The run: batches, length, checkpoints, and what is shown on the way.",
);
