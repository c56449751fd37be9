/** @file The presets by name. Each is a commented file in `presets/` that reads as advice. */
import { UserError } from "../errors.js";
import { nearest } from "./nearest.js";
import { cifar10 } from "./presets/cifar10.js";
import { cifar10Small } from "./presets/cifar10-small.js";
import { emoji32 } from "./presets/emoji32.js";
import { emoji32Small } from "./presets/emoji32-small.js";
import { emoji64Superres } from "./presets/emoji64-superres.js";
import { imagenet32 } from "./presets/imagenet32.js";
import { imagenet64Superres } from "./presets/imagenet64-superres.js";
import { type Config, type ConfigInput, parseCompleteConfig } from "./schema.js";

const inputs: ConfigInput[] = [
  emoji32Small,
  cifar10Small,
  emoji32,
  emoji64Superres,
  cifar10,
  imagenet32,
  imagenet64Superres,
];

/** Every preset, checked and complete, by name. */
export const presets: Readonly<Record<string, Config>> = Object.fromEntries(
  inputs.map((input) => [input.preset, parseCompleteConfig(input, `the preset ${input.preset}`)]),
);

/**
 * A copy of the preset of that name.
 *
 * @throws {UserError} for an unknown name, naming the nearest ones and all others
 */
export function resolvePreset(name: string): Config {
  if (!Object.hasOwn(presets, name)) {
    const names = Object.keys(presets);
    const advice = `did you mean ${nearest(name, names, 1)}? Presets: ${names.join(", ")}.`;
    throw new UserError(`Unknown preset ${JSON.stringify(name)}: ${advice}`);
  }
  return structuredClone(presets[name]);
}
