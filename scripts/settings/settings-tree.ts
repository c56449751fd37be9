/** @file The settings as a tree of plain values, read off their schema: what the types, the JSON schema and the page are made of. */
import { z } from "zod";

type Schema = z.core.$ZodType;

/** A setting, or a place for one. */
export interface Field {
  name: string;
  type: FieldType;
  description: string;
  unit?: string;
  advice?: string;
  /** As JSON: `16`, `"auto"`; undefined where it has none. */
  default?: string;
  /** Whether it may be left out where a configuration is written. */
  mayBeLeftOut: boolean;
  /** Whether it may be missing from a configuration that has been read. */
  mayBeMissing: boolean;
}

/** A group of settings, with the name of its type in TypeScript. */
export interface Section {
  kind: "section";
  title: string;
  description: string;
  fields: Field[];
}

export type FieldType =
  | { kind: "string" | "boolean" }
  | { kind: "number" | "whole number"; range: string }
  | { kind: "values"; values: unknown[] }
  | { kind: "list"; item: FieldType }
  | { kind: "union"; members: FieldType[] }
  | Section;

interface Notes {
  title?: string;
  description?: string;
  unit?: string;
  advice?: string;
}

/** What stands beside a schema, or beside the one that it wraps. */
const notesOf = (schema: Schema): Notes => z.globalRegistry.get(schema) ?? {};

/** The section that an object's schema describes. */
export function sectionOf(schema: z.ZodObject): Section {
  const { title, description } = notesOf(schema);
  if (!title || !description) {
    throw new Error(`Expected a section with a title and a description: ${Object.keys(schema.shape).join(", ")}`);
  }
  const fields = Object.entries(schema.shape).map(([name, field]) => fieldOf(name, field));
  return { kind: "section", title, description, fields };
}

function fieldOf(name: string, schema: Schema): Field {
  let inner = schema;
  let fallback: unknown;
  let mayBeMissing = false;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    if (inner instanceof z.ZodDefault) fallback = inner.def.defaultValue;
    if (inner instanceof z.ZodOptional) mayBeMissing = true;
    inner = inner.def.innerType;
  }
  const { description = notesOf(inner).description, unit, advice } = notesOf(schema);
  if (!description) throw new Error(`The setting ${name} has no description.`);
  return {
    name,
    type: typeOf(inner),
    description,
    mayBeLeftOut: inner !== schema,
    mayBeMissing,
    ...(unit !== undefined && { unit }),
    ...(advice !== undefined && { advice }),
    ...(fallback !== undefined && { default: JSON.stringify(fallback) }),
  };
}

function typeOf(schema: Schema): FieldType {
  if (schema instanceof z.ZodObject) return sectionOf(schema);
  if (schema instanceof z.ZodArray) return { kind: "list", item: typeOf(schema.def.element) };
  if (schema instanceof z.ZodLiteral) return { kind: "values", values: [...schema.values] };
  if (schema instanceof z.ZodUnion) {
    const members = schema.def.options.map(typeOf);
    return { kind: "union", members: members.flatMap((member) => (member.kind === "union" ? member.members : member)) };
  }
  if (schema instanceof z.ZodString) return { kind: "string" };
  if (schema instanceof z.ZodBoolean) return { kind: "boolean" };
  if (schema instanceof z.ZodNumber) return { kind: schema.isInt ? "whole number" : "number", range: rangeOf(schema) };
  throw new Error(`No rule for the schema of a setting: ${schema._zod.def.type}`);
}

/** The numbers that a schema takes: " from 0 to 1", " above 0"; empty where it takes all. */
function rangeOf(schema: z.ZodNumber): string {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = z.toJSONSchema(schema);
  const above = exclusiveMinimum !== undefined ? ` above ${exclusiveMinimum}` : "";
  const from = minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER ? ` from ${minimum}` : above;
  const below = exclusiveMaximum !== undefined ? `${from && ","} below ${exclusiveMaximum}` : "";
  return from + (maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER ? ` to ${maximum}` : below);
}

/** A section and all inside it, each once, the outermost last. */
export function allSections(section: Section): Section[] {
  const inside = (type: FieldType): Section[] =>
    type.kind === "section"
      ? allSections(type)
      : type.kind === "list"
        ? inside(type.item)
        : type.kind === "union"
          ? type.members.flatMap(inside)
          : [];
  const found = [...section.fields.flatMap(({ type }) => inside(type)), section];
  return [...new Map(found.map((one) => [one.title, one])).values()];
}
