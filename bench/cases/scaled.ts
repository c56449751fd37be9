/** @file Presets wider or deeper. */
import { type PresetName, resolvePreset } from "../../src/config/index.js";

/** Settings that multiply every level's width or depth. */
export function scaled(preset: PresetName, { width = 1, depth = 1 }: { width?: number; depth?: number }): string[] {
  return resolvePreset(preset).model.levels.flatMap(({ resolution, channels, encoderBlocks, stochasticLayers }) => [
    `model.levels.${resolution}.channels=${channels * width}`,
    `model.levels.${resolution}.encoderBlocks=${Math.ceil(encoderBlocks * depth)}`,
    `model.levels.${resolution}.stochasticLayers=${Math.ceil(stochasticLayers * depth)}`,
  ]);
}
