/** @file Settings of the network: its resolutions, its width and its depth. */
import { z } from "zod";
import { count, section, setting } from "../setting.js";

interface Ladder {
  resolution: number;
  levels: { resolution: number }[];
  superResolution?: { blocks: number[] };
}

/** The resolution one level down: half, or 1 where half would be below 4; undefined where a step of 2 or 4 cannot lead down. */
function lowerResolution(resolution: number): number | undefined {
  if (resolution === 4) return 1;
  return resolution % 2 === 0 && resolution >= 8 ? resolution / 2 : undefined;
}

/** What is wrong with a model's resolutions, each with the path of the field to mend; empty when nothing is. */
function ladderProblems({
  resolution,
  levels,
  superResolution,
}: Ladder): { path: (string | number)[]; message: string }[] {
  const problems: { path: (string | number)[]; message: string }[] = [];
  const top = levels.length - 1;
  let expected: number | undefined = resolution;
  for (let level = top; level >= 0; level--) {
    if (expected === undefined) {
      const message = `expected at most ${top - level} levels, since no level fits below resolution ${levels[level + 1].resolution} (each is half of the one above, 1 below 4)`;
      return [...problems, { path: ["levels"], message }];
    }
    if (levels[level].resolution !== expected) {
      const message = `expected ${expected} (levels are listed from the lowest resolution to the model's ${resolution}, each half of the one above, 1 below 4), got ${levels[level].resolution}`;
      return [...problems, { path: ["levels", level, "resolution"], message }];
    }
    expected = lowerResolution(expected);
  }
  if (superResolution) {
    const depth = superResolution.blocks.length;
    if (levels[0].resolution % 2 ** (depth - 1) !== 0 || levels[0].resolution / 2 ** (depth - 1) < 4) {
      const message = `expected fewer U-Net levels, since ${depth} levels of halving lead from resolution ${levels[0].resolution} below 4`;
      problems.push({ path: ["superResolution", "blocks"], message });
    }
    if (levels[0].resolution >= resolution) {
      const message = `expected at least two levels in a super-resolution model: the lowest has the small image's resolution`;
      problems.push({ path: ["levels"], message });
    }
  }
  return problems;
}

export const levelSchema = section(
  z.strictObject({
    resolution: setting(count, {
      description: "Height and width of this level's images.",
      unit: "pixels",
      advice: "Each level has half the resolution of the one above it; below 4 comes 1.",
    }),
    channels: setting(z.int().min(4), {
      description: "Width of the hidden states in the encoder and in the generator.",
      unit: "channels",
      advice:
        "Time grows with its square. Keep high resolutions narrow: a layer at 32² costs four times as much as the same one at 16².",
    }),
    encoderBlocks: setting(count, {
      description: "Residual blocks of the encoder.",
      unit: "blocks",
      advice: "One to three suit small models; the published ones have up to 14.",
    }),
    stochasticLayers: setting(count, {
      description: "Latent groups of the generator.",
      unit: "groups",
      advice: "Raise it at 8² and 16² when samples have the right texture but no structure.",
    }),
    attention: setting(z.int().min(0).default(0), {
      description: "Attention layers, spread evenly among the blocks and among the stochastic layers.",
      unit: "layers",
      advice: "Its cost grows with the fourth power of the resolution: try 1 at 16² first.",
    }),
  }),
  "LevelConfig",
  "One resolution of the encoder and of the generator.",
);

/** Fields that a complete level must have. */
export const requiredLevelFields = Object.entries(levelSchema.shape)
  .filter(([, field]) => !field.safeParse(undefined).success)
  .map(([name]) => name);

const superResolutionSchema = section(
  z.strictObject({
    blocks: setting(z.array(count).min(1), {
      description: "Residual blocks at every level of the U-Net over the small image, highest resolution first.",
      unit: "blocks",
      advice: "`[2, 2, 2]` as published; `[1, 1, 1]` for small models.",
    }),
    noise: setting(z.number().min(0).max(2).default(0.1), {
      description: "Standard deviation of the Gaussian noise on the small image, in training and in sampling.",
      unit: "pixel values in [−1, 1]",
      advice:
        "Raise it when the cascade exaggerates artefacts of the base model's samples; lower it when the cascade redraws what it is given.",
    }),
  }),
  "SuperResolutionConfig",
  "A super-resolution model: its lowest level starts from a small image instead of a learned state.",
);

export const modelSchema = section(
  z
    .strictObject({
      resolution: setting(count, {
        description: "Height and width of the images.",
        unit: "pixels",
        advice:
          "Images of other sizes are cropped to a square and resized. Twice the resolution takes about four times as long.",
      }),
      classes: setting(z.int().min(0).default(0), {
        description: "Number of classes; 0 makes an unconditional model.",
        unit: "classes",
        advice: "Set it to the number of class folders of your data. Guidance needs classes.",
      }),
      latentChannels: setting(count.default(16), {
        description: "Channels of every latent group.",
        unit: "channels",
        advice: "16 as published; 8 is enough for drawings.",
      }),
      finalBlocks: setting(count.default(3), {
        description: "Residual blocks at full resolution after the last latent group.",
        unit: "blocks",
        advice: "One is enough for flat-coloured drawings; photographs gain from three.",
      }),
      positions: setting(z.boolean().default(false), {
        description:
          "Adds a learned state to each level above the lowest, in the encoder and in the generator, so that places differ (as in VDVAE, Child 2021).",
        advice:
          "Try it where things have their place in the image, as in letters and faces. The paper's networks have none: they tell places by the zeros around an image.",
      }),
      levels: setting(z.array(levelSchema).min(1), {
        description: "Levels of the hierarchy, lowest resolution first, as latent groups are numbered.",
        advice: "Put the depth where structure is decided, at 4² to 16², and keep the top level narrow and shallow.",
      }),
      superResolution: setting(superResolutionSchema.optional(), {
        description:
          "Makes this a super-resolution model: its lowest level starts from a small image instead of a learned state.",
        advice: "Leave it out for a base model.",
      }),
    })
    .superRefine((model, context) => {
      for (const { path, message } of ladderProblems(model)) context.addIssue({ code: "custom", path, message });
    }),
  "ModelConfig",
  "The network.",
);
