/**
 * @file Text that people give us, in the encodings that their editors save: UTF-8 and UTF-16, with a byte-order mark
 * or without.
 */
import { isUtf8 } from "node:buffer";
import type { Refuse } from "../archives/archive-entry.js";

/** Bytes that are looked at to recognise UTF-16 without a byte-order mark. */
const LOOKED_AT = 4096;

/**
 * Times as many zeros in one half of the bytes as in the other tell the order: some characters, as 一, have them in the
 * other.
 */
const CLEARLY = 4;

/** Of so many bytes at least one is zero: fewer are a slip, and no UTF-16. */
const FEWEST = 8;

type Encoding = "UTF-8" | "UTF-16 LE" | "UTF-16 BE" | "UTF-32";

/** Byte-order marks; the longer of two that begin alike comes first. */
const marks: [bytes: number[], encoding: Encoding][] = [
  [[0xff, 0xfe, 0, 0], "UTF-32"],
  [[0, 0, 0xfe, 0xff], "UTF-32"],
  [[0xef, 0xbb, 0xbf], "UTF-8"],
  [[0xff, 0xfe], "UTF-16 LE"],
  [[0xfe, 0xff], "UTF-16 BE"],
];

/**
 * The text of a file, without its byte-order mark. UTF-16 without a mark is recognised by its zero bytes.
 *
 * @param refuse - throws, given what is wrong with the bytes and where: "its byte 7 (line 1, column 8) is 0xfc, which
 *   …"
 */
export function decodeText(bytes: Uint8Array, refuse: Refuse): string {
  const [mark, encoding] = marks.find(([start]) => start.every((byte, at) => bytes[at] === byte)) ?? [
    [],
    unmarkedEncoding(bytes),
  ];
  const content = bytes.subarray(mark.length);
  if (encoding === "UTF-32") return refuse("it is UTF-32. Save it as UTF-8");
  if (encoding === "UTF-8") return isUtf8(content) ? utf8.decode(content) : refuse(invalidUtf8(content, mark.length));
  return utf16(content, encoding, refuse);
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * UTF-16 has a zero byte in every letter of English: the second one in little-endian order, the first in big-endian.
 */
function unmarkedEncoding(bytes: Uint8Array): Encoding {
  const zeros = [0, 0]; // at even and at odd places
  const begin = bytes.subarray(0, LOOKED_AT);
  begin.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2]++;
  });
  if (bytes.length % 2 === 1 || (zeros[0] + zeros[1]) * FEWEST < begin.length) return "UTF-8";
  if (zeros[1] > CLEARLY * zeros[0]) return "UTF-16 LE";
  return zeros[0] > CLEARLY * zeros[1] ? "UTF-16 BE" : "UTF-8";
}

function utf16(content: Uint8Array, encoding: Encoding, refuse: Refuse): string {
  if (content.length % 2 === 1) return refuse(`it is ${encoding}, but has an odd number of bytes: it is truncated`);
  const units = Buffer.from(content); // a copy, which may be swapped
  const text = (encoding === "UTF-16 BE" ? units.swap16() : units).toString("utf16le");
  if (text.isWellFormed()) return text;
  const at = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(text)!.index;
  return refuse(`it is ${encoding}, and ${placeAt(text, at)} has half a surrogate pair. Save it as UTF-8`);
}

/** The first byte that is not UTF-8, in words. */
function invalidUtf8(content: Uint8Array, markBytes: number): string {
  let [valid, invalid] = [0, content.length + 1]; // bytes that begin a text, and bytes that do not
  while (invalid - valid > 1) {
    const middle = Math.floor((valid + invalid) / 2);
    if (beginsText(content.subarray(0, middle)) !== undefined) valid = middle;
    else invalid = middle;
  }
  const text = beginsText(content.subarray(0, valid))!;
  const at = Buffer.byteLength(text); // the beginning of the character that is broken
  const byte = `0x${content[at].toString(16).padStart(2, "0")}`;
  return `its byte ${at + markBytes} (${placeAt(text, text.length)}) is ${byte}, which is not UTF-8. Save it as UTF-8`;
}

/** What bytes spell, an incomplete character at their end left out; undefined where they are not UTF-8. */
function beginsText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}

/** "line 3, column 7" of a place in a text, both from 1 on. */
export function placeAt(text: string, at: number): string {
  const lines = text.slice(0, at).split(/\r\n|[\r\n]/);
  return `line ${lines.length}, column ${[...lines.at(-1)!].length + 1}`;
}

/** A character as a message may show it: what cannot be seen by its number, as U+FEFF. */
export function shownCharacter(character: string): string {
  if (/^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character)) return character;
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
