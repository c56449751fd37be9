/** @file What is checked, with what sizes, and for how long. */
import type { PresetName } from "../../src/config/index.js";

/** Sizes of everything that is checked. */
export interface Plan {
  /** Whose training step and samples are timed. */
  preset: PresetName;
  settings: string[];
  batch: number;
  /** Batches of samples that are timed. */
  drawn: number[];
  /** Steps of `emoji32-small`, or of the preset with the settings, beside the CPU's. */
  trained: { settings: string[]; batch: number; steps: number };
  /** Golden models of the fixtures. */
  golden: readonly ("uncond16" | "cond16" | "superres16")[];
  /** XLA's own options where results are compared. */
  overrides: Record<string, number>;
}

/** The published CIFAR-10 model. */
export const whole: Plan = {
  preset: "cifar10",
  settings: [],
  batch: 128,
  drawn: [1, 16, 256],
  trained: { settings: [], batch: 16, steps: 200 },
  golden: ["uncond16", "cond16", "superres16"],
  overrides: {},
};

const narrow = [1, 4, 8].map((resolution) => ({ resolution, channels: 8, encoderBlocks: 1, stochasticLayers: 1 }));
const tiny = ["model.resolution=8", "model.latentChannels=4", `model.levels=${JSON.stringify(narrow)}`];

/** A tiny model, which shows on any machine that the check itself works. */
export const quick: Plan = {
  preset: "emoji32-small",
  settings: tiny,
  batch: 2,
  drawn: [1, 2],
  trained: { settings: tiny, batch: 2, steps: 5 },
  golden: ["uncond16"],
  overrides: { xla_backend_optimization_level: 0 }, // optimised little, since to compile takes longer than to run
};
