/** @file What a reader should know about a setting, kept on the schema of the setting. */
import { z } from "zod";

/** What a reader should know about a setting. All of it is Markdown, in whole sentences. */
export interface SettingNotes {
  /** What it means. */
  description: string;
  /** What its number counts or measures: "images", "pixels"; left out where there is none. */
  unit?: string;
  /** When to change it, and in which direction. */
  advice?: string;
}

/** A setting's schema with what a reader should know about it. */
export const setting = <S extends z.ZodType>(schema: S, notes: SettingNotes): S => schema.meta({ ...notes });

/** A group of settings, with the name that its type has in TypeScript. */
export const section = <S extends z.ZodType>(schema: S, title: string, description: string): S =>
  schema.meta({ title, description });

/** A whole number from 1. */
export const count = z.int().min(1);

/** A number from 0 to 1, both included. */
export const fraction = z.number().min(0).max(1);

/** A setting that may be left to the program: "auto", the default. */
export const automatic = <S extends z.ZodType>(schema: S, expected: string) =>
  z.union([schema, z.literal("auto")], { error: `expected ${expected} or "auto"` }).default("auto");
