/** @file JSON from files that are not trusted, or that people wrote. */
import type { Refuse } from "../archives/archive-entry.js";
import { decodeText, placeAt, shownCharacter } from "./text.js";

/**
 * The value that a file of JSON spells, in whatever encoding its editor saved it.
 *
 * @param refuse - throws, given what is wrong and where: "line 3, column 7: expected a comma or }, got \"b\""
 */
export function parseJson(bytes: Uint8Array, refuse: Refuse): unknown {
  const text = decodeText(bytes, refuse);
  try {
    return JSON.parse(text);
  } catch {
    return refuse(jsonProblem(text)); // the engine's own message may show neither place nor reason
  }
}

/** A separator, a string, a number or a word, whatever space is before it. */
const TOKEN =
  /[ \t\r\n]*(?:(?<separator>[{}[\]:,])|(?<string>"[^"\\\p{Cc}]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\p{Cc}]*)*")|(?<other>-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)))/uy;

/** What a separator, a string, or a number or word, one of them, is. */
type Token = { separator?: string; string?: string; other?: string };
type Expected =
  | "a value"
  | "a value or ]"
  | "a name in double quotes"
  | "a name or }"
  | "a colon"
  | "a comma or ] or }"
  | "the end";

/** Where a text stops being JSON, and what should stand there. */
function jsonProblem(text: string): string {
  const open: string[] = []; // brackets around the place
  let expected: Expected = "a value";
  TOKEN.lastIndex = 0;
  for (;;) {
    const start = TOKEN.lastIndex;
    const token = TOKEN.exec(text)?.groups as Token | undefined;
    const next: Expected | undefined = token && following(expected, token, open);
    if (next === undefined) return unexpected(text, start, token === undefined, expected, open);
    expected = next;
  }
}

/** What is expected behind a token; undefined where the token itself was not expected. */
function following(expected: Expected, { separator, string, other }: Token, open: string[]): Expected | undefined {
  const afterValue = () => (open.length > 0 ? "a comma or ] or }" : "the end");
  if (separator !== undefined && "]}".includes(separator)) {
    const closes =
      expected === "a comma or ] or }" || expected === (separator === "]" ? "a value or ]" : "a name or }");
    if (!closes || open.at(-1) !== (separator === "]" ? "[" : "{")) return undefined;
    open.pop();
    return afterValue();
  }
  switch (expected) {
    case "a value":
    case "a value or ]":
      if (string !== undefined || other !== undefined) return afterValue();
      if (separator !== "{" && separator !== "[") return undefined;
      open.push(separator);
      return separator === "{" ? "a name or }" : "a value or ]";
    case "a name in double quotes":
    case "a name or }":
      return string === undefined ? undefined : "a colon";
    case "a colon":
      return separator === ":" ? "a value" : undefined;
    case "a comma or ] or }":
      if (separator !== ",") return undefined;
      return open.at(-1) === "{" ? "a name in double quotes" : "a value";
    case "the end":
      return undefined;
  }
}

function unexpected(text: string, start: number, isNoToken: boolean, expected: Expected, open: string[]): string {
  const at = start + /^[ \t\r\n]*/.exec(text.slice(start))![0].length;
  const place = placeAt(text, at);
  const wanted = expected === "a comma or ] or }" ? `a comma or ${open.at(-1) === "{" ? "}" : "]"}` : expected;
  if (at === text.length) return `${place}: expected ${wanted}, but it ends there`;
  if (isNoToken && text[at] === '"')
    return `${place}: the string is not closed on its line, or has an escape that JSON does not know`;
  const got = /^-?[\w.]{1,20}/.exec(text.slice(at))?.[0] ?? shownCharacter(String.fromCodePoint(text.codePointAt(at)!));
  return `${place}: expected ${wanted}, got ${got}`;
}

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
