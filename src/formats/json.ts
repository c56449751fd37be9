/** @file JSON from files that are not trusted. */

/**
 * The object that UTF-8 bytes spell in JSON. A key that occurs twice is refused, where JSON.parse would keep the last: two
 * readers of the file could see different things.
 *
 * @param refuse - throws, given what is wrong with the bytes
 */
export function parseUniqueJson(bytes: Uint8Array, refuse: (problem: string) => never): Record<string, unknown> {
  let text = "";
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    return refuse("its header is no JSON");
  }
  if (!text.startsWith("{")) return refuse("its header is no object");
  const twice = repeatedKey(text);
  if (twice !== undefined) return refuse(`its header names ${JSON.stringify(twice)} twice`);
  return value as Record<string, unknown>;
}

/** The first key that an object in valid JSON has twice. */
function repeatedKey(text: string): string | undefined {
  const open: Set<string>[] = []; // keys so far of every object or list around the place
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (token.endsWith(":")) {
      const key: string = JSON.parse(token.slice(0, -1)); // "\u0061" is "a"
      const keys = open.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}
