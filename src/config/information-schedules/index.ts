/** @file The table of information schedules: a name of `objective.informationSchedule.shares` for each. */
import { z } from "zod";
import type { InformationScheduleConfig } from "../types.js";
import { explicit } from "./explicit.js";
import { geometric } from "./geometric.js";
import type { GroupResolutions, InformationSchedule } from "./information-schedule.js";
import { perResolution } from "./per-resolution.js";

/** Every schedule by its name, which its schema has as `shares`. */
const schedules = tableOf({
  geometric,
  "per-resolution": perResolution,
  explicit,
});

/** A table whose keys are the names in the schemas: another does not compile. */
function tableOf<
  Table extends { [Name in keyof Table]: { schema: z.ZodObject<{ shares: z.ZodLiteral<Name & string> }> } },
>(table: Table): Table {
  return table;
}

type Schedules = typeof schedules;

/** The names of the schedules, as `shares` has them. */
export const scheduleNames = Object.keys(schedules) as (keyof Schedules)[];

type ScheduleSchemas = Schedules[keyof Schedules]["schema"];

/** The schema of the settings of any of the schedules. */
export const schedulesSchema = z.discriminatedUnion(
  "shares",
  Object.values(schedules).map(({ schema }) => schema) as [ScheduleSchemas, ...ScheduleSchemas[]],
);

/** The schedule of these settings; its functions take settings of its own schema, which these are. */
const scheduleOf = ({ shares }: InformationScheduleConfig): InformationSchedule =>
  schedules[shares] as unknown as InformationSchedule;

/** The schema of the schedule that an object names; undefined where it names none. */
export const scheduleSchemaOf = (shares: unknown): z.ZodObject | undefined =>
  Object.values(schedules).find(({ schema }) => schema.shape.shares.value === shares)?.schema;

/** What is wrong with the settings of a schedule for a model of these groups. */
export const scheduleProblem = (settings: InformationScheduleConfig, groups: GroupResolutions) =>
  scheduleOf(settings).problem?.(settings, groups);

/**
 * Target share of the information of every group, summing to 1.
 *
 * @param groups - resolution of every latent group, group 0 first
 */
export function targetShares(settings: InformationScheduleConfig, groups: GroupResolutions): number[] {
  const raw = scheduleOf(settings).shares(settings, groups);
  const total = raw.reduce((sum, share) => sum + share, 0);
  return raw.map((share) => share / total);
}
