/** @file The configuration a command line asks for: a preset or a file, then single settings. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { applySettings, type Config, parseConfig, resolvePreset } from "../config/index.js";
import { UserError } from "../errors.js";
import { isAuthorsConfig, parseAuthorsJson, parseAuthorsModule } from "../exchange/authors-config.js";
import { parseJson } from "../formats/json.js";
import { decodeText } from "../formats/text.js";

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
    .option("--config <file>", "the same from a file: the config.json of a run, or the authors' own .py or JSON")
    .option(
      "--set <path=value...>",
      "change single settings: --set training.batchSize=8 optimizer.maxLearningRate=1e-3",
    );

/**
 * Reads a configuration from a file: ours in JSON, or the authors' own, as JSON or as a Python module that is read and not run;
 * in any encoding that `decodeText` knows.
 *
 * @param onNotice - told what the user should know of a configuration that was translated
 */
export function readConfig(path: string, onNotice: (message: string) => void = () => {}): Config {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UserError(`Expected a configuration at ${path}, but it cannot be read (${(error as Error).message}).`);
  }
  const translated = ({ config, notes }: { config: Config; notes: string[] }): Config => {
    notes.forEach(onNotice);
    return config;
  };
  const refuse = (problem: string): never => {
    throw new UserError(
      `Expected a configuration as JSON in ${path}, but ${problem}. ` +
        "`strata train --dry-run --json` prints one to start from.",
    );
  };
  if (/\.py$/i.test(path)) return translated(parseAuthorsModule(decodeText(bytes, refuse), path));
  const json = parseJson(bytes, refuse);
  return isAuthorsConfig(json) ? translated(parseAuthorsJson(json, path)) : parseConfig(json, path);
}

/**
 * The preset or file, with the settings and the seed on top.
 *
 * @param start - where the configuration comes from when neither is named: that of a run that goes on
 * @param onNotice - told what the user should know of a configuration that was translated
 * @throws UserError when both or neither are named and there is no `start`, and what parsing throws
 */
export function resolveConfiguration(
  { preset, config, set = [] }: ConfigurationOptions,
  seed: number | undefined,
  start?: Config,
  onNotice?: (message: string) => void,
): Config {
  if (preset !== undefined && config !== undefined) {
    throw new UserError(`Expected one of --preset and --config, got both (${preset} and ${config}). Leave one out.`);
  }
  const chosen =
    preset !== undefined ? resolvePreset(preset) : config !== undefined ? readConfig(config, onNotice) : start;
  if (!chosen) throw new UserError("Expected --preset NAME or --config FILE, got neither. Try --preset emoji32-small.");
  return applySettings(chosen, seed === undefined ? set : [...set, `training.seed=${seed}`]);
}
