/** @file A folder as an archive: everything below it listed, links followed, files read one by one. */
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open, opendir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { extname } from "node:path/posix";
import { readFailure, UserError } from "../../errors.js";
import {
  type Archive,
  type ArchiveEntry,
  EntryError,
  EntryTooLarge,
  entryName,
  escaped,
  type Refusal,
  type Refuse,
} from "../../io/archives/archive-entry.js";
import { readFully } from "../../io/archives/byte-source.js";
import { byName, isHiddenPart } from "./collection.js";

/** More files are refused: the largest sets of images have fourteen million. */
const MOST_FILES = 20e6;

/** Files whose sizes are asked for at a time: more gain nothing. */
const AT_A_TIME = 16;

/** Names that are read from a folder at a time. */
const NAMES_AT_A_TIME = 1024;

/** A pipe in place of a file must not be waited for (Windows has none). */
const READ_LINKED = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
/** Nor may a link take the place of what was a file. */
const READ_ONLY = READ_LINKED | (constants.O_NOFOLLOW ?? 0);

/** A regular file below a folder. */
export interface FolderEntry extends ArchiveEntry {
  /** When it was last changed, milliseconds since 1970. */
  readonly modified: number;
  /** Whether it is a symbolic link to a file. */
  readonly linked?: true;
}

/** A folder, of whose files the beginning can be read alone. */
export interface OpenFolder extends Archive<FolderEntry> {
  readBeginning(entry: FolderEntry, length: number): Promise<Uint8Array>;
}

/**
 * Lists a folder: its files sorted by name, with their sizes. Hidden files and folders are left out. Symbolic links are
 * followed, also to what lies outside. Broken links, those that lead round in a circle or to what is listed already, devices,
 * and names that are not valid UTF-8 or that no archive may have, are listed in `refused`.
 *
 * @throws UserError when the folder cannot be read, or holds more than 20 million files
 */
export async function openFolder(folder: string): Promise<OpenFolder> {
  const refused: Refusal[] = [];
  const found = await filesBelow(folder, refused);
  const entries = await withSizes(folder, found, refused);
  const read = async (entry: FolderEntry, length: number) => {
    await using file = await openEntry(entry, folder);
    const bytes = await readFully(file, 0, length);
    return bytes.length === length ? bytes : refusing(entry, folder)(CHANGED);
  };
  return {
    entries: entries.sort(byName),
    refused,
    read: async (entry, { largest }) => {
      if (entry.bytes > largest) throw new EntryTooLarge(entry, folder, largest);
      return read(entry, entry.bytes);
    },
    readBeginning: (entry, length) => read(entry, Math.min(length, entry.bytes)),
    [Symbol.asyncDispose]: async () => {},
  };
}

const CHANGED = "it has changed since the folder was listed";

const refusing =
  ({ name }: ArchiveEntry, folder: string): Refuse =>
  (problem, code) => {
    throw new EntryError(name, folder, problem, code);
  };

/** Opens a file and sees that it still is what was listed. */
async function openEntry(entry: FolderEntry, folder: string): Promise<FileHandle> {
  const refuse = refusing(entry, folder);
  const file = await open(join(folder, entry.name), entry.linked ? READ_LINKED : READ_ONLY).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return refuse("it has gone since the folder was listed", "not-found");
      return error.code === "ELOOP" ? refuse(CHANGED) : refuse(`it cannot be read: ${error.message}`, "unreadable");
    },
  );
  const status = await file.stat();
  if (status.isFile() && status.size === entry.bytes) return file;
  await file.close();
  return refuse(CHANGED);
}

/** What lies below a folder, in any order. */
interface Found {
  /** Names of regular files. */
  files: string[];
  /** Names of symbolic links to files. */
  links: string[];
}

/**
 * Names below a folder. A link to a folder is followed after all real folders are read, and each folder is read once, so that
 * links in a circle end and a folder keeps its own name.
 */
async function filesBelow(root: string, refused: Refusal[]): Promise<Found> {
  const search: Search = {
    root,
    found: { files: [], links: [] },
    folders: [""],
    links: [],
    visited: await foldersAround(root),
    refused,
  };
  const { found, folders } = search;
  while (folders.length > 0) {
    await readFolder(folders.pop()!, search);
    if (found.files.length + found.links.length > MOST_FILES) {
      throw new UserError("too-large", `Expected at most ${MOST_FILES} files below ${root}, but there are more.`);
    }
    if (folders.length === 0) await followLinks(search);
  }
  return found;
}

interface Search {
  root: string;
  found: Found;
  /** Names of folders that are not read yet. */
  folders: string[];
  /** Names of links that are not followed yet. */
  links: string[];
  /** Folders that are read or must not be, by identity: what each is. */
  visited: Map<string, string>;
  refused: Refusal[];
}

async function readFolder(parent: string, { root, found, folders, links, visited, refused }: Search): Promise<void> {
  const path = join(root, parent);
  try {
    const identity = identityOf(await stat(path, { bigint: true }));
    if (parent !== "" && visited.has(identity)) {
      refused.push({ file: parent, reason: `it leads to ${visited.get(identity)}` });
      return;
    }
    visited.set(identity, parent === "" ? "the folder itself" : `${parent}, which is listed already`);
    for await (const entry of await opened(path)) {
      const name = Buffer.concat([Buffer.from(parent === "" ? "" : `${parent}/`), entry.name]);
      if (isHiddenPart(entry.name.toString("latin1"))) continue;
      const checked = entryName(name);
      const problem = checked.problem ?? problemOf(entry);
      if (problem !== undefined) refused.push({ file: escaped(name), reason: problem });
      else if (entry.isSymbolicLink()) links.push(checked.name);
      else if (entry.isDirectory()) folders.push(checked.name);
      else found.files.push(checked.name);
    }
  } catch (error) {
    const reason = `it cannot be read: ${(error as Error).message}`;
    if (parent === "") throw new UserError(readFailure(error), `Expected a folder at ${root}, but ${reason}.`);
    refused.push({ file: parent, reason });
  }
}

/** Sorts the links found so far into files and folders, the first by name first to be read. */
async function followLinks({ root, found, folders, links, refused }: Search): Promise<void> {
  for (const name of links.splice(0).sort()) {
    const status = await stat(join(root, name)).catch((error: NodeJS.ErrnoException) => error);
    if (status instanceof Error) refused.push({ file: name, reason: brokenLink(status) });
    else if (status.isFile()) found.links.push(name);
    else if (status.isDirectory()) folders.unshift(name);
    else refused.push({ file: name, reason: `it is a link to ${NO_FILE}` });
  }
}

/** The folders that a folder lies in: a link to one of them leads round in a circle, or to all that the disk has. */
async function foldersAround(root: string): Promise<Map<string, string>> {
  const around = new Map<string, string>();
  const path = await realpath(root).catch(() => undefined);
  for (let folder = path; folder !== undefined && folder !== dirname(folder); ) {
    folder = dirname(folder);
    const status = await stat(folder, { bigint: true }).catch(() => undefined);
    if (status) around.set(identityOf(status), "a folder around the set");
  }
  return around;
}

const identityOf = ({ dev, ino }: { dev: bigint | number; ino: bigint | number }): string => `${dev}:${ino}`;

const NO_FILE = "a device, pipe or socket";

const brokenLink = ({ code, message }: NodeJS.ErrnoException): string => {
  if (code === "ENOENT" || code === "ENOTDIR") return "it is a broken link: what it names is not there";
  return code === "ELOOP" ? "it is a link that leads to itself" : `it is a link that cannot be followed: ${message}`;
};

/** An entry of a folder with its name as the system has it, of which not all are valid UTF-8. */
type RawEntry = Pick<Stats, "isFile" | "isDirectory" | "isSymbolicLink"> & { name: Buffer };

/** A folder that is read a thousand entries at a time; Node's types know it with names as text only. */
async function opened(path: string): Promise<AsyncIterable<RawEntry>> {
  const folder = await opendir(path, { encoding: "buffer" as BufferEncoding, bufferSize: NAMES_AT_A_TIME });
  return folder as unknown as AsyncIterable<RawEntry>;
}

function problemOf(entry: RawEntry): string | undefined {
  return entry.isFile() || entry.isDirectory() || entry.isSymbolicLink() ? undefined : `it is ${NO_FILE}`;
}

/**
 * Sizes and times of files, several asked for at a time. Links count as what they name. A file that has a link in the same
 * folder counts once: by its own name, or by that of its links where only those have an extension, as in the caches of
 * Hugging Face.
 */
async function withSizes(folder: string, { files, links }: Found, refused: Refusal[]): Promise<FolderEntry[]> {
  const linked = await withStatus(folder, links, stat, refused);
  const named = new Set(linked.filter(({ name }) => extname(name) !== "").map(({ status }) => identityOf(status)));
  const owned = new Map<string, string>();
  const entries: FolderEntry[] = [];
  const targets = new Set(linked.map(({ status }) => identityOf(status)));
  for (const { name, status } of await withStatus(folder, files, lstat, refused)) {
    if (!status.isFile()) refused.push({ file: name, reason: "it has changed while the folder was listed" });
    else if (targets.size > 0 && targets.has(identityOf(status))) {
      const identity = identityOf(status);
      if (extname(name) === "" && named.has(identity)) continue;
      owned.set(identity, name);
      entries.push(entryOf(name, status));
    } else entries.push(entryOf(name, status));
  }
  for (const { name, status } of linked) {
    const owner = owned.get(identityOf(status));
    if (owner === undefined) entries.push({ ...entryOf(name, status), linked: true });
    else refused.push({ file: name, reason: `it is a link to ${owner}, which is listed already` });
  }
  return entries;
}

const entryOf = (name: string, { size, mtimeMs }: Stats): FolderEntry => ({ name, bytes: size, modified: mtimeMs });

/** What the system says of files, `AT_A_TIME` of them asked for at once. */
async function withStatus(
  folder: string,
  names: readonly string[],
  ask: (path: string) => Promise<Stats>,
  refused: Refusal[],
): Promise<{ name: string; status: Stats }[]> {
  const found: { name: string; status: Stats }[] = [];
  let next = 0;
  const work = async () => {
    while (next < names.length) {
      const name = names[next++];
      const status = await ask(join(folder, name)).catch((error: Error) => `it cannot be read: ${error.message}`);
      if (typeof status === "string") refused.push({ file: name, reason: status });
      else found.push({ name, status });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return found;
}
