/** @file Configurations written in TypeScript: misspelt presets, keys and values do not compile. */
import { parseConfig } from "./overlay.js";
import type { PresetName } from "./presets.js";
import type { CompleteConfigInput, Config, LevelInput } from "./types.js";

/** Settings of which any may be left out. Of levels, the resolution says which one is meant. */
type Overrides<T> = T extends readonly LevelInput[]
  ? (Pick<LevelInput, "resolution"> & Partial<LevelInput>)[]
  : T extends readonly unknown[]
    ? T
    : T extends object
      ? { [K in keyof T]?: Overrides<T[K]> }
      : T;

/** A preset, and what differs from it. */
export interface PresetConfigInput extends Overrides<Omit<CompleteConfigInput, "preset">> {
  preset: PresetName;
}

/** A configuration that starts from no preset: only fields with a default may be left out. */
export interface CustomConfigInput extends Omit<CompleteConfigInput, "preset"> {
  preset?: "custom";
}

/** What {@link defineConfig} takes: a preset and what differs from it, or everything. */
export type ConfigInput = PresetConfigInput | CustomConfigInput;

/**
 * A complete configuration: a preset with some settings changed, or one of your own.
 *
 * ```ts
 * const config = defineConfig({
 *   preset: "emoji32-small",
 *   training: { batchSize: 8 },
 *   model: { levels: [{ resolution: 16, channels: 48 }] }, // the other levels stay
 * });
 * ```
 *
 * Levels are changed by their resolution; a list in which every level is complete replaces the preset's. Names and types
 * are checked as you write, values and what must fit together when it runs.
 *
 * @throws {UserError} naming every setting that is out of range or does not fit the others
 */
export const defineConfig = (input: ConfigInput): Config => parseConfig(input);
