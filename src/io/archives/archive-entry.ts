/**
 * @file What every archive's entries have in common: names that are checked before anything uses them, and reasons why some
 * are not read. Names come from strangers, so a name is never used as a path, and a bad one is only ever shown escaped.
 */
import { type ErrorCode, UserError } from "../../errors.js";

/** Folders within folders, more than which no data set has. */
const DEEPEST = 64;

/** Bytes of the longest path that common systems take. */
const LONGEST_NAME = 4096;

/** Characters of a bad name that messages show. */
const SHOWN = 120;

/** Deflate cannot make bytes more than this many times fewer: what claims more is lying. */
export const LARGEST_EXPANSION = 1032;

/** Throws, given what is wrong: "it ends early". */
export type Refuse = (problem: string, code?: ErrorCode) => never;

/** A regular file in an archive. */
export interface ArchiveEntry {
  /** Its path in the archive, with `/`, without `.` and empty parts. */
  readonly name: string;
  /** Its size when decompressed. */
  readonly bytes: number;
}

/** Something that is skipped: its name, escaped where it is not fit to print, and why. */
export interface Refusal {
  readonly file: string;
  readonly reason: string;
}

/** An archive of one format whose entries can be read in any order. */
export interface Archive<Entry extends ArchiveEntry> extends AsyncDisposable {
  /** Regular files in the order in which they lie in the archive, each name once. */
  readonly entries: readonly Entry[];
  /** What is no regular file, or not fit to be read. Folders are neither. */
  readonly refused: readonly Refusal[];
  /**
   * The content of an entry, checked against all that the archive says about it.
   *
   * @param options.largest - bytes that it may have
   * @returns bytes that may be a view of a longer buffer
   * @throws EntryError when it is larger, damaged or not what it claims
   */
  read(entry: Entry, options: { largest: number }): Promise<Uint8Array>;
}

/** One entry that cannot be read, while the others of its archive may. */
export class EntryError extends UserError {
  /** @param problem - why, without the name: "it ends early" */
  constructor(
    name: string,
    where: string,
    readonly problem: string,
    code: ErrorCode = "damaged",
  ) {
    super(code, `Expected to read ${name} from ${where}, but ${problem}.`);
  }
}

/** An entry that has more bytes than are read. */
export class EntryTooLarge extends EntryError {
  constructor({ name, bytes }: ArchiveEntry, where: string, largest: number) {
    super(name, where, `it has ${bytes} bytes; at most ${largest} are read`, "too-large");
  }
}

/** A name that was checked. */
export interface EntryName {
  name: string;
  /** Why it is not used. */
  problem?: string;
}

/** Why a second entry of a name is skipped: which one a program reads differs from program to program. */
export const REPEATED = "the archive has that name twice; the first is used";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The name of an entry as an archive or a file system spells it, in UTF-8.
 *
 * @returns its normal form; or, where there is a problem, the name escaped, which is only to be shown
 */
export function entryName(raw: Uint8Array): EntryName {
  const text = utf8Text(raw);
  return text === undefined ? { name: escaped(raw), problem: NOT_UTF8 } : checkedName(text);
}

export const NOT_UTF8 = "its name is not valid UTF-8";

/** The same of a name whose characters are known. */
export function checkedName(text: string): EntryName {
  const refuse = (problem: string) => ({ name: escaped(text), problem });
  const bytes = Buffer.byteLength(text);
  if (bytes > LONGEST_NAME) {
    const levels = text.split("/").length - 1;
    return refuse(`its name has ${bytes} bytes and ${levels} levels; at most ${LONGEST_NAME} bytes are read`);
  }
  const control = /\p{Cc}/u.exec(text);
  if (control !== null) return refuse(`its name has the control character ${escapedCharacter(control[0])}`);
  if (text.includes("\\")) return refuse("its name has a backslash");
  if (text.startsWith("/")) return refuse("its name is an absolute path");
  if (/^[a-z]:/i.test(text)) return refuse("its name begins with a drive letter");
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return refuse("its name goes upwards (..)");
  if (parts.length === 0) return refuse("it has no name");
  if (parts.length > DEEPEST) return refuse(`it is nested ${parts.length} levels deep; at most ${DEEPEST} are read`);
  return { name: parts.join("/") };
}

/** A name fit to be printed on one line: what is not is written as `\x1b`, and the end is left out where it is long. */
export function escaped(raw: Uint8Array | string): string {
  const text = typeof raw === "string" ? raw : utf8Text(raw);
  const shown =
    text === undefined
      ? Buffer.from(raw as Uint8Array)
          .toString("latin1")
          .replace(/[^ -[\]-~]/g, escapedCharacter)
      : text.replace(/[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escapedCharacter);
  return shown.length > SHOWN ? `${shown.slice(0, SHOWN)}… (${Buffer.byteLength(raw)} bytes)` : shown;
}

const escapedCharacter = (character: string): string => {
  const code = character.codePointAt(0)!;
  if (character === "\\") return "\\\\";
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
};

/** What bytes spell in UTF-8; undefined where they are none. */
export function utf8Text(raw: Uint8Array): string | undefined {
  try {
    return utf8.decode(raw);
  } catch {
    return undefined;
  }
}
