/** @file Single settings on top of a configuration: `training.batchSize=32`, `model.levels.16.channels=48`. */
import { z } from "zod";
import { UserError } from "../errors.js";
import { parseCompleteConfig } from "./parse-complete.js";
import { configSchema, updatedSchedule } from "./schema.js";
import { didYouMean, fieldNames, fieldSchema, isRecord } from "./suggestions.js";
import type { Config } from "./types.js";

type Json = unknown;

/** Reads a value as JSON where it is JSON (numbers, true, lists, objects) and as a word otherwise. */
function parseValue(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The keys a path may go on with: the schema's, the value's own, or, in a list of levels, its resolutions. */
function keysAt(value: Json, schema: z.core.$ZodType | undefined): string[] {
  if (Array.isArray(value))
    return value.map((item, index) => String(isRecord(item) ? (item.resolution ?? index) : index));
  return schema instanceof z.ZodObject ? fieldNames(schema) : isRecord(value) ? Object.keys(value) : [];
}

/** A copy of `value` in which the field that `path` leads to is `setting`. */
function withField(
  value: Json,
  schema: z.core.$ZodType | undefined,
  path: string[],
  setting: Json,
  whole: string,
): Json {
  if (path.length === 0) return setting;
  const [key, ...rest] = path;
  const keys = keysAt(value, schema);
  if (!keys.includes(key)) {
    const place = whole.slice(0, whole.length - path.join(".").length).replace(/\.$/, "");
    const owner = place === "" ? "a configuration" : place;
    const advice = didYouMean(key, keys, configSchema);
    throw new UserError(
      "invalid-config",
      `Unknown setting ${whole}: ${owner} has no ${JSON.stringify(key)}; ${advice}`,
    );
  }
  const field = fieldSchema(schema, key);
  if (Array.isArray(value)) {
    const index = keys.indexOf(key);
    return value.map((item, i) => (i === index ? withField(item, field, rest, setting, whole) : item));
  }
  const record = isRecord(value) ? value : {};
  return { ...record, [key]: withField(record[key], field, rest, setting, whole) };
}

/**
 * A configuration with single fields changed.
 *
 * Values are JSON where they parse as JSON and words otherwise. Levels and per-resolution weights are addressed by their
 * resolution (`model.levels.16.channels=48`). `objective.informationSchedule=on` keeps a schedule that is already on.
 *
 * @param settings - `path=value` each, applied in order
 * @throws {UserError} for a setting without `=`, an unknown key (naming the nearest ones), or a value out of range
 */
export function applySettings(config: Config, settings: string[]): Config {
  let changed: Json = config;
  for (const setting of settings) {
    const equals = setting.indexOf("=");
    if (equals < 1) {
      throw new UserError(
        "invalid-config",
        `Expected a setting of the form path=value, such as training.batchSize=32, got ${JSON.stringify(setting)}`,
      );
    }
    const path = setting.slice(0, equals).trim();
    const value = parseValue(setting.slice(equals + 1).trim());
    const setTo =
      path === "objective.informationSchedule" ? updatedSchedule(config.objective.informationSchedule, value) : value;
    changed = withField(changed, configSchema, path.split("."), setTo, path);
  }
  return parseCompleteConfig(changed, settings.length === 0 ? {} : { source: `the settings ${settings.join(" ")}` });
}
