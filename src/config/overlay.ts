/** @file A few settings over the preset that they name. */
import { UserError } from "../errors.js";
import { isRecord } from "./fields.js";
import { resolvePreset } from "./presets.js";
import { type Config, CUSTOM, configSchema, keptSchedule, levelNeeds, parseCompleteConfig } from "./schema.js";

/** A configuration, and what was made of its text. */
export interface Overlaid {
  config: Config;
  /** The preset that gave what the text leaves out; undefined where the text stands for itself. */
  preset?: string;
  /** Dotted paths of what the text changes in the preset, in its order: `training.batchSize`, `model.levels.16.channels`. */
  changed: string[];
}

/**
 * Reads a configuration. One that is complete, as that of a run, means itself. One that is not is a preset with some fields
 * changed: of lists of levels those that are named by their resolution, and of the information schedule its parameters.
 *
 * @param json - parsed JSON of unknown origin
 * @param where - where it came from, for the message: a file
 * @param preset - the preset to start from, also where the text names another or is complete; default: the one it names
 * @throws {UserError} for an unknown preset, and naming every field that is missing, unknown or out of range
 */
export function overlayConfig(json: unknown, where: string, preset?: string): Overlaid {
  if (preset === undefined && configSchema.safeParse(json).success) {
    return { config: parseCompleteConfig(json, where), changed: [] };
  }
  const name = preset ?? (isRecord(json) && typeof json.preset === "string" ? json.preset : undefined);
  if (!isRecord(json) || name === undefined || name === CUSTOM) return { config: parseAlone(json, where), changed: [] };
  const { preset: _, ...changes } = json;
  const merged = merge(presetFor(name, where), changes, []);
  return { config: parseCompleteConfig({ ...merged, preset: name }, where), preset: name, changed: pathsOf(changes) };
}

/**
 * Checks a configuration and completes it: from the preset that it names where it has not all that it needs, and with the
 * paper's values.
 *
 * @param json - parsed JSON of unknown origin
 * @param where - where it came from, for the message: a file
 * @throws {UserError} for an unknown preset, and naming every field that is missing, unknown or out of range
 */
export const parseConfig = (json: unknown, where: string): Config => overlayConfig(json, where).config;

function parseAlone(json: unknown, where: string): Config {
  try {
    return parseCompleteConfig(json, where);
  } catch (error) {
    if (!(error instanceof UserError) || !isRecord(json)) throw error;
    throw new UserError(`${error.message}\nTo change a few settings of a preset, name it: "preset": "emoji32-small".`);
  }
}

function presetFor(name: string, where: string): Config {
  try {
    return resolvePreset(name);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${where}: ${error.message}`);
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
    change.some((level) => levelNeeds.some((field) => !(field in level)))
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
  return same ? { ...before, ...change } : keptSchedule(before, change);
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
