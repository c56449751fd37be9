/** @file A folder as an archive: everything below it listed without following links, files read one by one. */
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open, opendir } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../errors.js";
import {
  type Archive,
  type ArchiveEntry,
  EntryError,
  EntryTooLarge,
  entryName,
  escaped,
  type Refusal,
  type Refuse,
} from "../../formats/archive-entry.js";
import { readFully } from "../../formats/byte-source.js";
import { byName, isHiddenPart } from "./collection.js";

/** More files are refused: the largest sets of images have fourteen million. */
const MOST_FILES = 20e6;

/** Files whose sizes are asked for at a time: more gain nothing. */
const AT_A_TIME = 16;

/** Names that are read from a folder at a time. */
const NAMES_AT_A_TIME = 1024;

/** A link in place of a file is an error, and a pipe must not be waited for (Windows has neither). */
const READ_ONLY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** A regular file below a folder. */
export interface FolderEntry extends ArchiveEntry {
  /** When it was last changed, milliseconds since 1970. */
  readonly modified: number;
}

/**
 * Lists a folder: its regular files sorted by name, with their sizes. Hidden files and folders are left out. Links are not
 * followed; they, devices, and names that are not valid UTF-8 or that no archive may have, are listed in `refused`.
 *
 * @throws UserError when the folder cannot be read, or holds more than 20 million files
 */
export async function openFolder(folder: string): Promise<Archive<FolderEntry>> {
  const refused: Refusal[] = [];
  const names = await filesBelow(folder, refused);
  const entries = await withSizes(folder, names, refused);
  return {
    entries: entries.sort(byName),
    refused,
    read: async (entry, { largest }) => {
      const refuse = refusing(entry, folder);
      if (entry.bytes > largest) throw new EntryTooLarge(entry, folder, largest);
      const file = await openEntry(entry, folder);
      try {
        const bytes = await readFully(file, 0, entry.bytes);
        return bytes.length === entry.bytes ? bytes : refuse(CHANGED);
      } finally {
        await file.close();
      }
    },
    close: async () => {},
  };
}

const CHANGED = "it has changed since the folder was listed";

const refusing =
  ({ name }: ArchiveEntry, folder: string): Refuse =>
  (problem) => {
    throw new EntryError(name, folder, problem);
  };

/** Opens a file and sees that it still is what was listed. */
async function openEntry(entry: ArchiveEntry, folder: string): Promise<FileHandle> {
  const refuse = refusing(entry, folder);
  const file = await open(join(folder, entry.name), READ_ONLY).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return refuse("it has gone since the folder was listed");
    return refuse(error.code === "ELOOP" ? CHANGED : `it cannot be read: ${error.message}`);
  });
  const status = await file.stat();
  if (status.isFile() && status.size === entry.bytes) return file;
  await file.close();
  return refuse(CHANGED);
}

/** Names of regular files below a folder, in any order. */
async function filesBelow(folder: string, refused: Refusal[]): Promise<string[]> {
  const names: string[] = [];
  const folders = [""]; // names of those that are not read yet
  for (let parent = folders.pop(); parent !== undefined; parent = folders.pop()) {
    try {
      for await (const entry of await opened(join(folder, parent))) {
        const name = Buffer.concat([Buffer.from(parent === "" ? "" : `${parent}/`), entry.name]);
        if (isHiddenPart(entry.name.toString("latin1"))) continue;
        const found = entryName(name);
        const problem = found.problem ?? problemOf(entry);
        if (problem !== undefined) refused.push({ file: escaped(name), reason: problem });
        else if (entry.isDirectory()) folders.push(found.name);
        else if (names.push(found.name) > MOST_FILES) {
          throw new UserError(`Expected at most ${MOST_FILES} files below ${folder}, but there are more.`);
        }
      }
    } catch (error) {
      if (error instanceof UserError) throw error;
      const reason = `it cannot be read: ${(error as Error).message}`;
      if (parent === "") throw new UserError(`Expected a folder at ${folder}, but ${reason}.`);
      refused.push({ file: parent, reason });
    }
  }
  return names;
}

/** An entry of a folder with its name as the system has it, of which not all are valid UTF-8. */
type RawEntry = Pick<Stats, "isFile" | "isDirectory" | "isSymbolicLink"> & { name: Buffer };

/** A folder that is read a thousand entries at a time; Node's types know it with names as text only. */
async function opened(path: string): Promise<AsyncIterable<RawEntry>> {
  const folder = await opendir(path, { encoding: "buffer" as BufferEncoding, bufferSize: NAMES_AT_A_TIME });
  return folder as unknown as AsyncIterable<RawEntry>;
}

function problemOf(entry: RawEntry): string | undefined {
  if (entry.isSymbolicLink()) return "it is a symbolic link";
  return entry.isFile() || entry.isDirectory() ? undefined : "it is a device, pipe or socket";
}

/** Sizes and times of files, several asked for at a time. */
async function withSizes(folder: string, names: readonly string[], refused: Refusal[]): Promise<FolderEntry[]> {
  const entries: FolderEntry[] = [];
  let next = 0;
  const work = async () => {
    while (next < names.length) {
      const name = names[next++];
      const found = await lstat(join(folder, name)).catch((error: Error) => `it cannot be read: ${error.message}`);
      if (typeof found === "string") refused.push({ file: name, reason: found });
      else if (found.isFile()) entries.push({ name, bytes: found.size, modified: found.mtimeMs });
      else refused.push({ file: name, reason: "it has changed while the folder was listed" });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return entries;
}
