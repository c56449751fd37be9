/** @file A few settings over the preset that they name. */
import { UserError } from "../errors.js";
import { type ParseOptions, parseCompleteConfig } from "./parse-complete.js";
import { parsePresetName, resolvePreset } from "./presets.js";
import { CUSTOM_PRESET, configFileSchema, updatedSchedule } from "./schema.js";
import { requiredLevelFields } from "./sections/model.js";
import { isRecord } from "./suggestions.js";
import type { Config } from "./types.js";

export interface OverlayOptions extends ParseOptions {
  /** The preset to start from, also where the JSON names another or is complete. Default: the one that it names. */
  preset?: string;
}

/** A configuration, and how it came about. */
export interface ConfigOverlay {
  config: Config;
  /** The preset that gave what the JSON leaves out; undefined where the JSON stands for itself. */
  preset?: string;
  /** Dotted paths of what the JSON changes in the preset, in its order: `training.batchSize`, `model.levels.16.channels`. */
  changed: string[];
}

/**
 * Reads a configuration. One that is complete, as that of a run, means itself. One that is not is a preset with some fields
 * changed: in a list of levels those of the levels that it names by their resolution, in the information schedule its parameters.
 *
 * @param json - parsed JSON of unknown origin
 * @throws {UserError} for an unknown preset, and naming every field that is missing, unknown or out of range
 */
export function overlayConfig(json: unknown, { source, preset }: OverlayOptions = {}): ConfigOverlay {
  if (preset === undefined && configFileSchema.safeParse(json).success) {
    return { config: parseCompleteConfig(json, { source }), changed: [] };
  }
  const name = preset ?? (isRecord(json) && typeof json.preset === "string" ? json.preset : undefined);
  if (!isRecord(json) || name === undefined || name === CUSTOM_PRESET) {
    return { config: parseAlone(json, { source }), changed: [] };
  }
  const { preset: _, $schema: __, ...changes } = json;
  const merged = merge(findPreset(name, { source }), changes, []);
  const config = parseCompleteConfig({ ...merged, preset: name }, { source });
  return { config, preset: name, changed: pathsOf(changes) };
}

/**
 * Checks a configuration and completes it: from the preset that it names, where it leaves out what it needs, and with the
 * paper's values.
 *
 * @param json - parsed JSON of unknown origin
 * @throws {UserError} for an unknown preset, and naming every field that is missing, unknown or out of range
 */
export const parseConfig = (json: unknown, options: ParseOptions = {}): Config => overlayConfig(json, options).config;

function parseAlone(json: unknown, options: ParseOptions): Config {
  try {
    return parseCompleteConfig(json, options);
  } catch (error) {
    if (!(error instanceof UserError) || !isRecord(json)) throw error;
    throw new UserError(
      error.code,
      `${error.message}\nTo change a few settings of a preset, name it: "preset": "emoji32-small".`,
    );
  }
}

function findPreset(name: string, { source }: ParseOptions): Config {
  try {
    return resolvePreset(parsePresetName(name));
  } catch (error) {
    if (!(error instanceof UserError) || source === undefined) throw error;
    throw new UserError(error.code, `${source}: ${error.message}`);
  }
}

/** The fields of `before`, and over them those of `changes`. */
function merge(before: object, changes: Record<string, unknown>, path: string[]): Record<string, unknown> {
  const merged = Object.entries(changes).map(([key, change]) => {
    const old = Object.hasOwn(before, key) ? (before as Record<string, unknown>)[key] : undefined;
    return [key, mergeField(old, change, [...path, key])] as const;
  });
  return Object.fromEntries([...Object.entries(before), ...merged]);
}

function mergeField(before: unknown, change: unknown, path: string[]): unknown {
  const place = path.join(".");
  if (place === "objective.informationSchedule") return mergeSchedule(before, change);
  if (place === "model.levels" && isSomeLevels(change)) return mergeLevels(before, change);
  return isRecord(before) && isRecord(change) ? merge(before, change, path) : change;
}

type NamedLevel = Record<string, unknown> & { resolution: unknown };

/** Whether a list of levels only says what is different in some: one of them lacks what a level needs. */
function isSomeLevels(change: unknown): change is NamedLevel[] {
  return (
    Array.isArray(change) &&
    change.every((level) => isRecord(level) && "resolution" in level) &&
    change.some((level) => requiredLevelFields.some((field) => !(field in level)))
  );
}

/** Levels of a resolution that is there with some fields changed; others as they come, to be refused with what they lack. */
function mergeLevels(before: unknown, changes: readonly NamedLevel[]): unknown[] {
  const levels = before as NamedLevel[];
  const known = levels.map((level) => {
    const change = changes.find(({ resolution }) => resolution === level.resolution);
    return change ? { ...level, ...change } : level;
  });
  return [...known, ...changes.filter(({ resolution }) => !levels.some((level) => level.resolution === resolution))];
}

/** Parameters of a schedule of the same kind change it; plain "on" keeps it; anything else replaces it. */
function mergeSchedule(before: unknown, change: unknown): unknown {
  const same = isRecord(before) && isRecord(change) && (change.shares ?? before.shares) === before.shares;
  return same ? { ...before, ...change } : updatedSchedule(before, change);
}

/** Dotted paths of the fields of a value; levels are named by their resolution. */
function pathsOf(value: unknown, path: string[] = []): string[] {
  if (Array.isArray(value) && path.join(".") === "model.levels" && isSomeLevels(value)) {
    return value.flatMap(({ resolution, ...fields }) => pathsOf(fields, [...path, String(resolution)]));
  }
  return isRecord(value)
    ? Object.entries(value).flatMap(([key, field]) => pathsOf(field, [...path, key]))
    : [path.join(".")];
}
