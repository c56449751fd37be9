/** @file The presets by name. Each is a commented file in `presets/` that reads as advice. */
import { UserError } from "../errors.js";
import { parseCompleteConfig } from "./parse-complete.js";
import { cifar10 } from "./presets/cifar10.js";
import { cifar10Small } from "./presets/cifar10-small.js";
import { emoji32 } from "./presets/emoji32.js";
import { emoji32Refined } from "./presets/emoji32-refined.js";
import { emoji32Small } from "./presets/emoji32-small.js";
import { emoji64Superres } from "./presets/emoji64-superres.js";
import { glyphs32 } from "./presets/glyphs32.js";
import { glyphs32Small } from "./presets/glyphs32-small.js";
import { glyphs64Superres } from "./presets/glyphs64-superres.js";
import { imagenet32 } from "./presets/imagenet32.js";
import { imagenet64Superres } from "./presets/imagenet64-superres.js";
import { nearest } from "./suggestions.js";
import type { CompleteConfigInput, Config } from "./types.js";

const inputs = {
  "emoji32-refined": emoji32Refined,
  "glyphs32-small": glyphs32Small,
  "emoji32-small": emoji32Small,
  "cifar10-small": cifar10Small,
  emoji32,
  glyphs32,
  "glyphs64-superres": glyphs64Superres,
  "emoji64-superres": emoji64Superres,
  cifar10,
  imagenet32,
  "imagenet64-superres": imagenet64Superres,
} satisfies Record<string, CompleteConfigInput>;

/** The name of a preset. */
export type PresetName = keyof typeof inputs;

/** The names of all presets, smallest model first. */
export const presetNames = Object.keys(inputs) as PresetName[];

/** Every preset, checked and complete, by name. */
export const presets = Object.fromEntries(
  presetNames.map((name) => [name, parseCompleteConfig(inputs[name], { source: `the preset ${name}` })]),
) as Readonly<Record<PresetName, Config>>;

/** A copy of the preset of that name. For names from outside, see {@link parsePresetName}. */
export const resolvePreset = (name: PresetName): Config => structuredClone(presets[parsePresetName(name)]);

/** Whether a word is the name of a preset. */
export const isPresetName = (word: string): word is PresetName => Object.hasOwn(inputs, word);

/**
 * The name of a preset, checked: for words from a command line or a file.
 *
 * @throws {UserError} for an unknown name, naming the nearest one and all others
 */
export function parsePresetName(word: string): PresetName {
  if (isPresetName(word)) return word;
  const advice = `did you mean ${nearest(word, presetNames, 1)}? Presets: ${presetNames.join(", ")}.`;
  throw new UserError("unknown-preset", `Unknown preset ${JSON.stringify(word)}: ${advice}`);
}
