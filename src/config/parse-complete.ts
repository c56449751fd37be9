/** @file Checks of a configuration that stands for itself, and the words for what is wrong with one. */
import { z } from "zod";
import { UserError } from "../errors.js";
import { scheduleSchemaOf } from "./information-schedules/index.js";
import { configFileSchema, defaultSchedule } from "./schema.js";
import { didYouMean, fieldNames, fieldSchema, isRecord } from "./suggestions.js";
import type { Config } from "./types.js";

/** How JSON is read, and what errors call it. */
export interface ParseOptions {
  /** Where the JSON came from, for messages: "runs/photos/config.json". */
  source?: string;
}

/**
 * Checks a configuration that stands for itself, and fills in what it leaves out with the schema's defaults.
 *
 * @param json - parsed JSON of unknown origin
 * @throws {UserError} naming every field that is missing, unknown or out of range, and what was expected there
 */
export function parseCompleteConfig(json: unknown, { source }: ParseOptions = {}): Config {
  const result = configFileSchema.safeParse(json);
  if (!result.success) {
    const subject = source === undefined ? "The configuration" : `The configuration in ${source}`;
    throw new UserError(
      "invalid-config",
      `${subject} is not valid:\n${showInvisible(problemsText(result.error, json))}`,
    );
  }
  const { objective, $schema: _, ...rest } = result.data;
  const { informationSchedule: schedule } = objective;
  const informationSchedule =
    typeof schedule === "object"
      ? schedule
      : schedule === true || schedule === "on"
        ? defaultSchedule(rest.model)
        : false;
  return { ...rest, objective: { ...objective, informationSchedule } };
}

/** What is wrong with a configuration, a line or two for each problem, with the nearest name of each unknown key. */
function problemsText({ issues }: z.ZodError, json: unknown): string {
  return z.prettifyError({ issues: issues.flatMap((issue) => nameUnknownKeys(issue, json)) });
}

function nameUnknownKeys(issue: z.core.$ZodIssue, json: unknown): z.core.$ZodIssue[] {
  if (issue.code === "unrecognized_keys") {
    const place = issue.path.reduce<z.core.$ZodType | undefined>(fieldSchema, configFileSchema);
    const names = [...fieldNames(place), ...scheduleFields(valueAt(json, issue.path))];
    const message = issue.keys
      .map((key) => `Unknown key "${key}": ${didYouMean(key, names, configFileSchema)}`)
      .join(" ");
    return [{ ...issue, message }];
  }
  if (issue.code !== "invalid_union" || scheduleFields(valueAt(json, issue.path)).length === 0) return [issue];
  const inside = issue.errors.at(-1)!; // of an object that says what kind of schedule it is
  return inside.flatMap((problem) => nameUnknownKeys({ ...problem, path: [...issue.path, ...problem.path] }, json));
}

const valueAt = (json: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], json);

/** The fields of a schedule of the kind that an object names; none of anything else. */
const scheduleFields = (schedule: unknown): string[] =>
  fieldNames(scheduleSchemaOf(isRecord(schedule) ? schedule.shares : undefined));

/** The text with characters that have no shape of their own, such as a byte-order mark, as their number: "U+FEFF". */
const showInvisible = (text: string): string =>
  text.replace(/\p{Cf}/gu, (character) => `U+${character.codePointAt(0)!.toString(16).toUpperCase()}`);
