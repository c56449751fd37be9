/** @file What may have been meant: the words near to a mistyped one, and the fields that a schema has at a place. */
import { z } from "zod";

/** Edits (insertions, deletions, replacements) that turn one word into another, whatever their case. */
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

/** The end of a message on an unknown word: ": did you mean x?" where it is like one of the candidates, else ".". */
export function suggestion(word: string, candidates: readonly string[]): string {
  const [best] = nearest(word, candidates, 1);
  const like = best !== undefined && editDistance(word, best) <= LIKE * Math.max(word.length, best.length);
  return like ? `: did you mean ${best}?` : ".";
}

/** Share of a word's letters that may be wrong. */
const LIKE = 0.34;

/** The candidates nearest to a mistyped word, best first. */
export function nearest(word: string, candidates: readonly string[], count = 3): string[] {
  return [...candidates]
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

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
