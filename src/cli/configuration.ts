/** @file The configuration a command line asks for: a preset or a file, then single settings. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { applySettings, type Config, parseConfig, resolvePreset } from "../config/index.js";
import { UserError } from "../errors.js";
import { parseJson } from "../formats/json.js";

/** What {@link addConfigurationOptions} adds. */
export interface ConfigurationOptions {
  preset?: string;
  config?: string;
  set?: string[];
}

/** Adds `--preset`, `--config` and `--set`. */
export const addConfigurationOptions = (command: Command): Command =>
  command
    .option("--preset <name>", "configuration to start from: emoji32-small, cifar10, …")
    .option("--config <file>", "the same from a JSON file, such as the config.json of a run")
    .option(
      "--set <path=value...>",
      "change single settings: --set training.batchSize=8 optimizer.maxLearningRate=1e-3",
    );

/** Reads a configuration from a JSON file, in any encoding that `decodeText` knows. */
export function readConfig(path: string): Config {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UserError(`Expected a configuration at ${path}, but it cannot be read (${(error as Error).message}).`);
  }
  const json = parseJson(bytes, (problem) => {
    throw new UserError(
      `Expected a configuration as JSON in ${path}, but ${problem}. ` +
        "`strata train --dry-run --json` prints one to start from.",
    );
  });
  return parseConfig(json, path);
}

/**
 * The preset or file, with the settings and the seed on top.
 *
 * @param start - where the configuration comes from when neither is named: that of a run that goes on
 * @throws UserError when both or neither are named and there is no `start`, and what parsing throws
 */
export function resolveConfiguration(
  { preset, config, set = [] }: ConfigurationOptions,
  seed: number | undefined,
  start?: Config,
): Config {
  if (preset !== undefined && config !== undefined) {
    throw new UserError(`Expected one of --preset and --config, got both (${preset} and ${config}). Leave one out.`);
  }
  const chosen = preset !== undefined ? resolvePreset(preset) : config !== undefined ? readConfig(config) : start;
  if (!chosen) throw new UserError("Expected --preset NAME or --config FILE, got neither. Try --preset emoji32-small.");
  return applySettings(chosen, seed === undefined ? set : [...set, `training.seed=${seed}`]);
}
