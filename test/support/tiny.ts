/** @file A model and images small enough to train in seconds. */
import { type Config, parseConfig, resolvePreset } from "../../src/config/index.js";
import type { ImageSet } from "../../src/data/image-set.js";
import type { TrainedModel } from "../../src/inference/trained-model.js";
import { initialise, modelParameters } from "../../src/model/index.js";
import { outputChannels } from "../../src/objective/output-layers.js";
import { foldIn, keyFromSeed, normal, uniform } from "../../src/random/index.js";

/** Parts of a configuration to change. */
export interface Changes {
  model?: Partial<Config["model"]>;
  objective?: Partial<Config["objective"]>;
  optimizer?: Partial<Config["optimizer"]>;
  training?: Partial<Config["training"]>;
}

const level = (resolution: number, channels = 8) => ({
  resolution,
  channels,
  encoderBlocks: 1,
  stochasticLayers: 1,
  attention: 0,
});

/** An 8×8 model of three latent groups; a step of its eight images takes some 10 ms. */
export function tinyConfig({ model, objective, optimizer, training }: Changes = {}): Config {
  const base = resolvePreset("emoji32-small");
  return parseConfig(
    {
      preset: "custom",
      model: {
        ...base.model,
        resolution: 8,
        latentChannels: 4,
        finalBlocks: 1,
        levels: [level(1), level(4), level(8)],
        ...model,
      },
      objective: { ...base.objective, ...objective },
      optimizer: { ...base.optimizer, ...optimizer },
      training: {
        ...base.training,
        batchSize: 8,
        steps: 1000,
        checkpointEvery: 1000,
        logEvery: 10,
        evaluateEvery: 1000,
        sampleEvery: 1000,
        ...training,
      },
    },
    { source: "a test" },
  );
}

/** A model of such a configuration with random weights, of four classes where it has any. */
export function tinyModel(changes: Changes = {}, seed = 1): TrainedModel {
  const config = tinyConfig(changes);
  const parameters = initialise(modelParameters(config.model, outputChannels(config.objective)), seed);
  const data = { name: "discs", count: 10, classes: ["a", "b", "c", "d"], classCounts: [7, 0, 2, 1] };
  return { config, parameters, step: 0, data };
}

/** A super-resolution model from 4×4 to 8×8 with a U-Net of one level. */
export const tinySuperResolution: Partial<Config["model"]> = {
  levels: [level(4), level(8)],
  superResolution: { blocks: [1], noise: 0.1 },
};

/** What makes a tiny super-resolution model that doubles pictures of that resolution. */
export const tinyEnlarger = (low: number, classes = 0): Changes => ({
  model: { ...tinySuperResolution, classes, resolution: 2 * low, levels: [level(low), level(2 * low)] },
  objective: { informationSchedule: false },
});

/**
 * Discs of random colour and place on a light ground, their label the quarter of the picture they lie in.
 *
 * @param start - which of the endless row of such images comes first
 */
export function discs(count: number, { resolution = 8, start = 0, labels = false } = {}): ImageSet<Uint8Array> {
  const plane = resolution ** 2;
  const images = new Uint8Array(count * 3 * plane);
  const quarters = new Int32Array(count);
  for (let image = 0; image < count; image++) {
    const key = foldIn(keyFromSeed(77), start + image);
    const [x, y, red, green, blue] = uniform(key, 5);
    const tint = normal(foldIn(key, 1), 1)[0];
    quarters[image] = (x > 0.5 ? 1 : 0) + (y > 0.5 ? 2 : 0);
    for (let pixel = 0; pixel < plane; pixel++) {
      const [column, row] = [pixel % resolution, Math.floor(pixel / resolution)];
      const inside = Math.hypot(column / resolution - x, row / resolution - y) < 0.3;
      [red, green, blue].forEach((colour, channel) => {
        images[(image * 3 + channel) * plane + pixel] = inside ? 200 * colour : 235 + 4 * tint;
      });
    }
  }
  return {
    name: "discs",
    resolution,
    count,
    classes: labels ? ["top left", "top right", "bottom left", "bottom right"] : [],
    images,
    labels: labels ? quarters : new Int32Array(0),
  };
}
