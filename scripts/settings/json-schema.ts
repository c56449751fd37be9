/** @file `schema/config.schema.json`: what editors complete a configuration from. */
import { z } from "zod";

type Json = Record<string, unknown>;

/** What a JSON schema needs to know beside the settings. */
export interface SchemaFacts {
  /** The package and its version, which are the schema's identifier. */
  name: string;
  version: string;
  presetNames: readonly string[];
}

/**
 * A JSON schema (draft 7, which every editor knows) of a configuration in a file. Where the file names a preset, anything may be
 * left out; elsewhere all that has no default is required.
 */
export function jsonSchema(schema: z.ZodType, { name, version, presetNames }: SchemaFacts): Json {
  const full = z.toJSONSchema(schema, { io: "input", target: "draft-7" }) as Json;
  const { $schema: draft, title: _, description: __, ...described } = withoutRequirements(full);
  const properties = described.properties as Record<string, Json>;
  const { $schema: own, preset, ...sections } = properties;
  return {
    $schema: draft,
    $id: `urn:npm:${name}:${version}:config.schema.json`,
    title: "Strata configuration",
    description:
      "A configuration of Strata: a preset and what differs from it, or everything. docs/settings.md explains each.",
    ...described,
    properties: {
      $schema: own,
      preset: { ...preset, default: undefined, anyOf: [{ enum: presetNames }, { type: "string" }], type: undefined },
      ...sections,
    },
    if: { properties: { preset: { enum: presetNames } }, required: ["preset"] },
    else: requirementsOf(full),
  };
}

/** Limits that mean only "a safe integer". */
const SAFE = new Set([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]);

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The schema with nothing required but the resolution of a level, by which a file says which one it changes; with a setting's
 * unit and advice in its description.
 */
function withoutRequirements(schema: Json, isInList = false): Json {
  const { required, title, unit, advice, description, default: fallback, properties, items, ...rest } = schema;
  const { anyOf, oneOf, ...plain } = rest;
  const members = [anyOf, oneOf].filter(Array.isArray).flat() as Json[];
  const texts = [description, unit === undefined ? undefined : `Unit: ${unit}.`, advice].filter(Boolean);
  const names = Array.isArray(required) ? required : [];
  const named = isInList && names.includes("encoderBlocks") ? ["resolution"] : isInList ? names : [];
  return {
    ...(title !== undefined && !isObject(properties) && { title }),
    ...(texts.length > 0 && { description: texts.join(" ") }),
    ...(fallback !== undefined && !isObject(fallback) && { default: fallback }),
    ...Object.fromEntries(Object.entries(plain).filter(([, value]) => !SAFE.has(value as number))),
    ...(members.length > 0 && { anyOf: members.map((member) => withoutRequirements(member)) }),
    ...(isObject(properties) && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, withoutRequirements(property as Json)]),
      ),
    }),
    ...(isObject(items) && { items: withoutRequirements(items, true) }),
    ...(named.length > 0 && { required: named }),
  };
}

/** Only what a schema requires, in its objects, lists and alternatives. */
function requirementsOf({ required, properties, items, anyOf, oneOf, const: value }: Json): Json {
  const inside = Object.entries(isObject(properties) ? properties : {})
    .map(([name, property]) => [name, requirementsOf(property as Json)] as const)
    .filter(([, requirements]) => Object.keys(requirements).length > 0);
  const members = [anyOf, oneOf].filter(Array.isArray).flat() as Json[];
  const alternatives = members.map((member) => ({
    ...(member.type !== undefined && { type: member.type }),
    ...(member.enum !== undefined && { enum: member.enum }),
    ...requirementsOf(member),
  }));
  const itemRequirements = isObject(items) ? requirementsOf(items) : {};
  return {
    ...(value !== undefined && { const: value }),
    ...(Array.isArray(required) && required.length > 0 && { required }),
    ...(inside.length > 0 && { properties: Object.fromEntries(inside) }),
    ...(Object.keys(itemRequirements).length > 0 && { items: itemRequirements }),
    ...(alternatives.some((alternative) => "required" in alternative || "anyOf" in alternative) && {
      anyOf: alternatives,
    }),
  };
}
