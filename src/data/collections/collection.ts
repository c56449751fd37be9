/** @file A folder or an archive as a list of regular files that are read in place: what all kinds have in common. */
import { isNativeError } from "node:util/types";
import { type ArchiveEntry, EntryError, EntryTooLarge, type Refusal } from "../../io/archives/archive-entry.js";

/** A regular file of a collection. */
export interface CollectionFile {
  /** Relative to the collection, with `/`. */
  name: string;
  bytes: number;
}

export type CollectionKind = "folder" | "zip" | "tar" | "tar.gz";

/** Why a file cannot be read. */
export interface Failure {
  error: string;
  /** Whether it is larger than what is read. */
  tooLarge?: true;
}

/** The bytes of one file, or why it cannot be read. */
export type CollectionContent = { name: string } & ({ bytes: Uint8Array } | Failure);

export interface ReadOptions {
  /** Bytes that a file may have. */
  largest: number;
  signal?: AbortSignal;
}

/** Files that belong together. */
export interface Collection extends AsyncDisposable {
  readonly path: string;
  readonly kind: CollectionKind;
  /** Regular files, sorted by name (code units). Hidden files and what file managers leave behind are left out. */
  readonly files: readonly CollectionFile[];
  /** What was skipped and why: links, devices, names that cannot be used; names escaped where they cannot be printed. */
  readonly refused: readonly Refusal[];
  /** SHA-256 in hex of what `fingerprintOf` says. */
  readonly fingerprint: string;
  /**
   * The wanted files in the order that costs least, each read when it is asked for. A file that cannot be read, or that the
   * collection does not have, is given with the reason. Bytes may be a view of a longer buffer.
   *
   * @throws the signal's reason when it aborts
   * @throws UserError when nothing further can be read: a compressed archive has been damaged since it was opened
   */
  read(wanted: ReadonlySet<string>, options: ReadOptions): AsyncIterable<CollectionContent>;
  /**
   * The first bytes of some files, up to `length` of each; nothing of a file that cannot be read.
   *
   * @throws what `read` throws
   */
  readBeginnings(wanted: ReadonlySet<string>, length: number): AsyncIterable<{ name: string; bytes: Uint8Array }>;
}

/** What file managers and archivers leave behind. */
const isHidden = (name: string): boolean => name.split("/").some(isHiddenPart);

/** Whether one part of a path hides what is below. */
export const isHiddenPart = (part: string): boolean =>
  (part.startsWith(".") && part !== ".." && part !== ".") || part === "__MACOSX" || part === "@eaDir";

/** Sorts by code units. */
export const byName = (a: ArchiveEntry, b: ArchiveEntry): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** Entries and refusals without what is hidden, and the entries as a collection's files. */
export function visible<Entry extends ArchiveEntry>(archive: {
  entries: readonly Entry[];
  refused: readonly Refusal[];
}): { entries: Entry[]; files: CollectionFile[]; refused: Refusal[] } {
  const entries = archive.entries.filter(({ name }) => !isHidden(name));
  return {
    entries,
    files: entries.map(({ name, bytes }) => ({ name, bytes })).sort(byName),
    refused: archive.refused.filter(({ file }) => !isHidden(file)),
  };
}

/** Adds, behind what was read, the wanted files that are not there. */
export async function* withMissing(
  wanted: ReadonlySet<string>,
  contents: AsyncIterable<CollectionContent>,
  files: readonly CollectionFile[],
): AsyncGenerator<CollectionContent> {
  let count = 0;
  for await (const content of contents) {
    count++;
    yield content;
  }
  if (count === wanted.size) return;
  const present = new Set(files.map(({ name }) => name));
  for (const name of wanted) if (!present.has(name)) yield { name, error: "there is no such file" };
}

/**
 * Why reading one file failed, without its name.
 *
 * @throws the error when it is not about the file
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof EntryTooLarge) return { error: error.problem, tooLarge: true };
  if (error instanceof EntryError) return { error: error.problem };
  if (isNativeError(error) && "syscall" in error) return { error: `it cannot be read: ${error.message}` };
  throw error;
}
