import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { microBatchOf, parsePresetName, presetNames, presets, resolvePreset } from "./index.js";

const { published_configs: published } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/schedule.json", import.meta.url), "utf8"),
);
/** Iterations of the paper's text, which the configuration files exceed. */
const paperSteps = { cifar10: 350_000, imagenet32: 1_052_500, imagenet64: 337_500 };

test.each([
  ["cifar10", "cifar10"],
  ["imagenet32", "imagenet32"],
  ["imagenet64-superres", "imagenet64"],
] as const)("%s is as published", (name, original) => {
  const { model, objective, optimizer, training } = presets[name];
  const theirs = published[original];
  const highestFirst = [...model.levels].reverse();
  expect({
    resolution: model.resolution,
    c_mult: highestFirst.map(({ channels }) => channels / 128),
    num_classes: model.classes,
    nlayers: highestFirst.map(({ stochasticLayers }) => stochasticLayers),
    enc_nlayers: highestFirst.map(({ encoderBlocks }) => encoderBlocks),
    num_attention: highestFirst.map(({ attention }) => attention),
    num_final_blocks: model.finalBlocks,
    zdim: model.latentChannels,
    superres_nlayers: model.superResolution?.blocks ?? null,
  }).toEqual(
    Object.fromEntries(Object.entries(theirs.model).filter(([key]) => !["c", "c_enc", "is_superres"].includes(key))),
  );
  expect([training.batchSize, microBatchOf(training), training.flips]).toEqual([
    theirs.training.total_batch_size,
    theirs.dataset.batch_size,
    theirs.dataset.flip,
  ]);
  expect([objective.sigma, objective.spectralWeight, optimizer.skipThreshold]).toEqual([
    theirs.training.sigma_q,
    theirs.training.global_sr_weight,
    theirs.training.skip_threshold,
  ]);
  expect(model.superResolution?.noise ?? null).toBe(theirs.dataset.sigma_aug);
  const { startlr, maxlr, minlr, warmup_steps, decay_steps, beta1, beta2, ema_decay } = theirs.optimizer;
  expect(optimizer).toMatchObject({
    startLearningRate: startlr,
    maxLearningRate: maxlr,
    minLearningRate: minlr,
    warmupSteps: warmup_steps,
    decaySteps: decay_steps,
    beta1,
    beta2,
  });
  expect([training.emaDecay, training.emaWarmup]).toEqual([ema_decay, false]);
  expect(training.steps).toBe(paperSteps[original]);
  const [kind, args] = theirs.training.rate_schedule;
  const { informationSchedule: schedule } = objective;
  if (kind === "shifted_exp") expect(schedule).toEqual({ shares: "geometric", ...args });
  else
    expect(schedule && schedule.shares === "per-resolution" && schedule.weights.map(({ weight }) => weight)).toEqual(
      args,
    );
});

test("every preset is found under its own name, as a copy", () => {
  for (const name of presetNames) expect(resolvePreset(name).preset).toBe(name);
  resolvePreset("cifar10").training.steps = 1;
  expect(resolvePreset("cifar10").training.steps).toBe(350_000);
});

test("an unknown preset names the nearest and all others", () => {
  expect(() => parsePresetName("emoji-small")).toThrow('Unknown preset "emoji-small": did you mean emoji32-small?');
  expect(() => parsePresetName("emoji-small")).toThrow("imagenet64-superres");
  expect(() => parsePresetName("toString")).toThrow("Unknown preset");
  // @ts-expect-error: a misspelt preset does not compile, and JavaScript gets the same message
  expect(() => resolvePreset("emoji-small")).toThrow('Unknown preset "emoji-small": did you mean emoji32-small?');
});
