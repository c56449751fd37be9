/** @file What may leave this machine: names of data without the places where they lie. */

/** A source as others may see it: what lies on a hub or comes with Strata as it is, of a path its last part. */
export function shareableSource(source: string): string {
  if (source.startsWith("hf:") || source.startsWith("imported from ")) return source;
  const [, kind, rest] = /^(?:(\w+):)?(.*)$/s.exec(source)!;
  const last = rest.split(/[/\\]/).findLast((part) => part !== "") ?? "";
  return kind === undefined || kind === "" ? last : `${kind}:${last}`;
}

/** A line of a run's log, or a file of settings, whose names of data others may see: they stand under these keys. */
export function shareableJson(value: unknown, keys: readonly string[] = ["data"]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((child) => shareableJson(child, keys));
  const shared = (key: string, child: unknown) =>
    keys.includes(key) && typeof child === "string" ? shareableSource(child) : shareableJson(child, keys);
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, shared(key, child)]));
}
