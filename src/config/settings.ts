/** @file Single settings on top of a configuration: `training.batchSize=32`, `model.levels.16.channels=48`. */
import { z } from "zod";
import { UserError } from "../errors.js";
import { type Config, configSchema, parseConfig } from "./schema.js";

type Json = unknown;

/** Whether a value is an object with named fields. */
const isRecord = (value: Json): value is Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The schema behind wrappers such as defaults and optional fields. */
function unwrapped(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
    inner = inner.def.innerType;
  }
  return inner;
}

/** Edits (insertions, deletions, replacements) that turn one word into another. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1] + (from[i - 1].toLowerCase() === to[j - 1].toLowerCase() ? 0 : 1);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[to.length];
}

/** The candidates nearest to a mistyped word, best first. */
export function nearest(word: string, candidates: string[], count = 3): string[] {
  return [...candidates]
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

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
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  return isRecord(value) ? Object.keys(value) : [];
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
    const advice = keys.length > 0 ? `did you mean ${nearest(key, keys).join(", ")}?` : "it has no fields of its own.";
    throw new UserError(`Unknown setting ${whole}: ${owner} has no ${JSON.stringify(key)}; ${advice}`);
  }
  if (Array.isArray(value)) {
    const element = schema instanceof z.ZodArray ? unwrapped(schema.def.element) : undefined;
    const index = keys.indexOf(key);
    return value.map((item, i) => (i === index ? withField(item, element, rest, setting, whole) : item));
  }
  const record = isRecord(value) ? value : {};
  const field = schema instanceof z.ZodObject ? unwrapped(schema.shape[key]) : undefined;
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
        `Expected a setting of the form path=value, such as training.batchSize=32, got ${JSON.stringify(setting)}`,
      );
    }
    const path = setting.slice(0, equals).trim();
    const value = parseValue(setting.slice(equals + 1).trim());
    const keep =
      path === "objective.informationSchedule" &&
      (value === "on" || value === true) &&
      config.objective.informationSchedule;
    changed = withField(changed, configSchema, path.split("."), keep || value, path);
  }
  return parseConfig(changed, settings.length === 0 ? "the configuration" : `the settings ${settings.join(" ")}`);
}
