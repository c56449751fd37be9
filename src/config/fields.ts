/** @file The fields that a schema has at each place, and what may have been meant by one that it has not. */
import { z } from "zod";
import { nearest } from "./nearest.js";

type Schema = z.core.$ZodType;

/** Whether a value is an object with named fields. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The schema behind wrappers such as defaults and optional fields. */
function unwrapped(schema: Schema | undefined): Schema | undefined {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
    inner = inner.def.innerType;
  }
  return inner;
}

/** The schema of one field or element; undefined where a schema has none, or several. */
export function fieldSchema(schema: Schema | undefined, key: PropertyKey): Schema | undefined {
  if (schema instanceof z.ZodArray) return unwrapped(schema.def.element);
  if (schema instanceof z.ZodObject && Object.hasOwn(schema.shape, key)) return unwrapped(schema.shape[String(key)]);
  return undefined;
}

/** Names of the fields of an object's schema. */
export const fieldNames = (schema: Schema | undefined): string[] =>
  schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];

/** Dotted paths of the fields that have this name, whatever its case, outside lists. */
function pathsOf(name: string, schema: Schema | undefined, place: string[] = []): string[] {
  return fieldNames(schema).flatMap((key) => {
    const path = [...place, key];
    const here = key.toLowerCase() === name.toLowerCase() ? [path.join(".")] : [];
    return [...here, ...pathsOf(name, fieldSchema(schema, key), path)];
  });
}

/**
 * What to say of an unknown key: the nearest of those that may stand there, or where else it belongs.
 *
 * @param keys - those that may stand there
 * @param whole - the schema of everything
 */
export function didYouMean(key: string, keys: readonly string[], whole: Schema): string {
  const elsewhere = keys.some((known) => known.toLowerCase() === key.toLowerCase()) ? [] : pathsOf(key, whole);
  if (elsewhere.length > 0) return `did you mean ${elsewhere.join(" or ")}?`;
  return keys.length > 0 ? `did you mean ${nearest(key, keys).join(", ")}?` : "it has no fields of its own.";
}
