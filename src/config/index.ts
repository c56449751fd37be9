/** @file Configurations: their schema, the presets, and single settings on top of them. */
export { presets, resolvePreset } from "./presets.js";
export {
  type Config,
  type ConfigInput,
  defaultSchedule,
  type InformationScheduleConfig,
  type LevelConfig,
  type ModelConfig,
  microBatchOf,
  type ObjectiveConfig,
  type OptimizerConfig,
  parseConfig,
  type TrainingConfig,
} from "./schema.js";
export { applySettings, nearest } from "./settings.js";
