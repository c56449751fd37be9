/** @file Configurations: their schema, the presets, and single settings on top of them. */
export {
  type ConfigInput,
  type CustomConfigInput,
  defineConfig,
  type PresetConfigInput,
} from "./define-config.js";
export { targetShares } from "./information-schedules/index.js";
export { microBatchOf } from "./micro-batch.js";
export type { OptimizerName, OutputName } from "./names.js";
export { overlayConfig, parseConfig } from "./overlay.js";
export { type ParseOptions, parseCompleteConfig } from "./parse-complete.js";
export { isPresetName, type PresetName, parsePresetName, presetNames, presets, resolvePreset } from "./presets.js";
export { applySettings } from "./settings.js";
export { nearest, suggestion } from "./suggestions.js";
export type * from "./types.js";
