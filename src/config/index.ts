/** @file Configurations: their schema, the presets, and single settings on top of them. */
export { type InformationScheduleConfig, targetShares } from "./information-schedules/index.js";
export type { OutputName } from "./names.js";
export { nearest, suggestion } from "./nearest.js";
export { overlayConfig, parseConfig } from "./overlay.js";
export { presets, resolvePreset } from "./presets.js";
export {
  type Config,
  type ConfigInput,
  defaultSchedule,
  type LevelConfig,
  type ModelConfig,
  microBatchOf,
  type ObjectiveConfig,
  type OptimizerConfig,
  parseCompleteConfig,
  type TrainingConfig,
} from "./schema.js";
export { applySettings } from "./settings.js";
