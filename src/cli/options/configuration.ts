/** @file The configuration a command line asks for: a preset, a file or a file over a preset, then single settings. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { applySettings, type Config, overlayConfig, parsePresetName, resolvePreset } from "../../config/index.js";
import { readFailure, UserError } from "../../errors.js";
import { parseJson } from "../../io/files/json.js";
import { decodeText } from "../../io/files/text.js";
import { isAuthorsConfig, parseAuthorsJson, parseAuthorsModule } from "../../weights/authors-config.js";
import type { Context } from "./command.js";

/** What {@link addConfigurationOptions} adds. */
export interface ConfigurationOptions {
  preset?: string;
  config?: string;
  set?: string[];
}

/** Adds `--preset`, `--config` and `--set`. */
export const addConfigurationOptions = (command: Command): Command =>
  command
    .option("--preset <name>", "preset to start from: emoji32-small, cifar10, …")
    .option(
      "--config <file>",
      "configuration file: a run's config.json, changes to the preset that it or --preset names, or the authors' .py or JSON",
    )
    .option("--set <path=value...>", "change settings: --set training.batchSize=8 optimizer.maxLearningRate=1e-3");

/** Tells what a command line was taken for. */
type Notify = (message: string) => void;

/** Changed settings that are named one by one. */
const NAMED = 8;

/**
 * Reads a configuration from a file: ours in JSON, or the authors' own, as JSON or as a Python module that is read and not run;
 * in any encoding that `decodeText` knows. Tells what was made of it where it does not stand for itself.
 *
 * @param preset - the preset that it is laid over; default: the one it names, if it is not complete
 * @throws UserError when it cannot be read or is not valid
 */
export function readConfig(path: string, notify: Notify = () => {}, preset?: string): Config {
  const bytes = readBytes(path);
  const refuse = (problem: string): never => {
    throw new UserError(
      "invalid-config",
      `Expected a configuration as JSON in ${path}, but ${problem}. ` +
        "`strata train --dry-run --json` prints one to start from.",
    );
  };
  const isModule = /\.py$/i.test(path);
  const json = isModule ? undefined : parseJson(bytes, refuse);
  if (!isModule && !isAuthorsConfig(json)) return overlaid(json, path, notify, preset);
  if (preset !== undefined) {
    throw new UserError(
      "invalid-options",
      `Expected one of --preset and --config, got ${preset} and ${path}, which is the authors'. Leave one out.`,
    );
  }
  const { config, notes } = isModule
    ? parseAuthorsModule(decodeText(bytes, refuse), path)
    : parseAuthorsJson(json, path);
  notes.forEach(notify);
  return config;
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === "EISDIR" ? "it is a folder; that of a run is in its config.json" : message;
    throw new UserError(readFailure(error), `Expected a configuration at ${path}, but it cannot be read (${problem}).`);
  }
}

/** A configuration of ours, told where it lies over a preset. */
function overlaid(json: unknown, path: string, notify: Notify, preset?: string): Config {
  const { config, preset: base, changed } = overlayConfig(json, { source: path, preset });
  if (base === undefined) return config;
  const named = (json as { preset?: unknown }).preset ?? base;
  if (named !== base) notify(`${path} names the preset ${named}, but --preset ${base} comes before it.`);
  const more = changed.length > NAMED ? `, and ${changed.length - NAMED} more` : "";
  notify(`${path}: the preset ${base} with ${changed.slice(0, NAMED).join(", ") || "nothing"}${more} changed.`);
  return config;
}

/**
 * The preset, or the file, over the preset where both are named, with the settings and the seed on top.
 *
 * @param start - where the configuration comes from when neither is named: that of a run that goes on
 * @throws UserError when neither is named and there is no `start`, and what parsing throws
 */
export function resolveConfiguration(
  { preset, config, set = [] }: ConfigurationOptions,
  { seed, progress }: Pick<Context, "seed" | "progress">,
  start?: Config,
): Config {
  const chosen =
    config !== undefined
      ? readConfig(config, (message) => progress.note(message), preset)
      : preset !== undefined
        ? resolvePreset(parsePresetName(preset))
        : start;
  if (!chosen)
    throw new UserError(
      "invalid-options",
      "Expected --preset NAME or --config FILE, got neither. Try --preset emoji32-small.",
    );
  return applySettings(chosen, seed === undefined ? set : [...set, `training.seed=${seed}`]);
}
