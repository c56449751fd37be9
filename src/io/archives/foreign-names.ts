/**
 * @file Names in archives that are not UTF-8. No archive says which code page they are in; what matters is that every
 * name is printable, stays the same from day to day, and differs from the others, so that files can be told apart and
 * classes named.
 */
import { crc32 } from "node:zlib";
import { checkedName, type EntryName, escaped, NOT_UTF8, utf8Text } from "./archive-entry.js";

/** The upper half of the code page of the first PCs, which zip's specification prescribes (APPNOTE, appendix D). */
const CODE_PAGE_437 =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

/** Zip's flag of names in UTF-8. */
const IS_UTF8 = 1 << 11;

/** Zip's extra field of a name in UTF-8 (Info-ZIP's Unicode Path). */
const UNICODE_PATH = 0x7075;

/**
 * The name of a zip's entry: as its Unicode Path has it, in UTF-8 where it is flagged so or happens to be, or else in
 * code page 437. PowerShell's backslashes between folders become slashes.
 *
 * @returns its normal form and whether it is a folder's; or, where there is a problem, the name escaped
 */
export function zipName(raw: Uint8Array, flags: number, extra: Buffer): EntryName & { isFolder: boolean } {
  const unicode = unicodePath(raw, extra) ?? utf8Text(raw);
  if (unicode === undefined && (flags & IS_UTF8) !== 0)
    return { name: escaped(raw), problem: NOT_UTF8, isFolder: false };
  const name = unicode?.replaceAll("\\", "/") ?? codePage437(raw).replace(BACKSLASH, "/").replaceAll("\\", DOUBLE_BYTE);
  return { ...checkedName(name), isFolder: name.endsWith("/") };
}

/** In Shift-JIS, GBK and Big5 the byte of a backslash behind another one is half a character, and separates nothing. */
const BACKSLASH = /(?<![\x80-\u{10ffff}])\\/gu;

/** Stands for that half. */
const DOUBLE_BYTE = "＼";

/**
 * What the Unicode Path field says, where it still belongs to the name: programs that know nothing of it change the
 * name alone.
 */
function unicodePath(raw: Uint8Array, extra: Buffer): string | undefined {
  const field = extraField(extra, UNICODE_PATH);
  if (field.length < 6 || field[0] !== 1 || field.readUInt32LE(1) !== crc32(raw)) return undefined;
  return utf8Text(field.subarray(5));
}

/** A field of a zip's extra data; empty where there is none. */
export function extraField(extra: Buffer, id: number): Buffer {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === id) return extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
  }
  return extra.subarray(0, 0);
}

/**
 * The text of a name in a tar archive, and of where a link leads: UTF-8, or what old Unix systems used, or code page
 * 437, in which every byte is printable.
 */
export function foreignText(raw: Uint8Array): string {
  const latin1 = Buffer.from(raw).toString("latin1");
  return utf8Text(raw) ?? (/[\x80-\x9f]/.test(latin1) ? codePage437(raw) : latin1);
}

const codePage437 = (raw: Uint8Array): string =>
  Buffer.from(raw)
    .toString("latin1")
    .replace(/[\x80-\xff]/g, (character) => CODE_PAGE_437[character.charCodeAt(0) - 0x80]);
