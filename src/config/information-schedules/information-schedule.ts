/** @file What an information schedule is: the share of an image's information that each latent group should carry (paper §3.1). */
import type { z } from "zod";

/** The latent groups of a model, as far as shares depend on them: the resolution of each, group 0 first. */
export type GroupResolutions = readonly number[];

/** A schema whose objects say by `shares` which schedule they are. */
export type ScheduleSchema = z.ZodObject<{ shares: z.ZodLiteral<string> }>;

/** One way to give every latent group its target share, with the schema of its settings. */
export interface InformationSchedule<Schema extends ScheduleSchema = ScheduleSchema> {
  /** What `objective.informationSchedule` may hold; `shares` names the schedule. */
  schema: Schema;
  /** The field of the settings that does not fit the model, and what was expected there; undefined where all fit. */
  problem?(settings: z.output<Schema>, groups: GroupResolutions): { field: string; message: string } | undefined;
  /** The share of every group, relative to the others: above 0, not yet normalised. */
  shares(settings: z.output<Schema>, groups: GroupResolutions): number[];
}

/** A schedule with its types inferred from its schema. */
export const defineSchedule = <Schema extends ScheduleSchema>(schedule: InformationSchedule<Schema>) => schedule;
