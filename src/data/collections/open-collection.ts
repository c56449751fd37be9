/** @file Opens a folder or an archive, recognised by its content, as a collection. */
import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { open, stat } from "node:fs/promises";
import { constants, gunzipSync } from "node:zlib";
import { UserError } from "../../errors.js";
import { type Archive, type ArchiveEntry, EntryError, type Refuse } from "../../io/archives/archive-entry.js";
import { readFully } from "../../io/archives/byte-source.js";
import { otherArchive } from "../../io/archives/other-archives.js";
import { openTar } from "../../io/archives/tar.js";
import { openTarGz, type TarGzArchive } from "../../io/archives/tar-gz.js";
import { BLOCK, isTarHeader } from "../../io/archives/tar-header.js";
import { endsAsZip, openZip } from "../../io/archives/zip.js";
import {
  type Collection,
  type CollectionContent,
  type CollectionKind,
  failureOf,
  type ReadOptions,
  visible,
  withMissing,
} from "./collection.js";
import { type FolderEntry, openFolder } from "./folder.js";

/** What a file must be called to be taken for an archive in spite of how it begins, so that what is wrong is said. */
const extensions: [RegExp, CollectionKind][] = [
  [/\.zip$/i, "zip"],
  [/\.tar$/i, "tar"],
  [/\.(tar\.gz|tgz)$/i, "tar.gz"],
];

type Head = Pick<Collection, "path" | "kind" | "fingerprint">;

/**
 * Opens a folder, `.zip`, `.tar` or `.tar.gz`. All four give the same files of the same content.
 *
 * A folder's files are listed with their sizes, a tar archive is passed from header to header, a compressed one is
 * decompressed once.
 *
 * @throws UserError when the path leads to none of these, or to an archive that is damaged or hostile as a whole
 */
export async function openCollection(path: string): Promise<Collection> {
  const kind = await kindOf(path);
  if (kind === "folder") {
    const folder = await openFolder(path);
    const head = { path, kind, fingerprint: folderFingerprint(folder.entries) };
    return ofArchive(head, folder, (entry, length) => folder.readBeginning(entry, length));
  }
  const head = { path, kind, fingerprint: await fileFingerprint(path) };
  if (kind === "tar.gz") return ofTarGz(head, await openTarGz(path));
  return kind === "zip" ? ofArchive(head, await openZip(path)) : ofArchive(head, await openTar(path));
}

/**
 * What lies at a path, as SHA-256 in hex: of a folder the names, sizes and times of change of its files, which takes a
 * listing; of a file its own size and time. Another value means that the source has changed.
 *
 * @throws UserError when the path leads to no folder or file
 */
export async function fingerprintOf(path: string): Promise<string> {
  return (await statusOf(path)).isDirectory()
    ? folderFingerprint((await openFolder(path)).entries)
    : fileFingerprint(path);
}

function folderFingerprint(entries: readonly FolderEntry[]): string {
  const hash = createHash("sha256");
  for (const { name, bytes, modified } of entries) hash.update(`${name}\0${bytes}\0${modified}\n`);
  return hash.digest("hex");
}

async function fileFingerprint(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return createHash("sha256").update(`${size}\0${mtimeMs}\n`).digest("hex");
}

const refusing =
  (path: string): Refuse =>
  (problem, code = "unsupported-format") => {
    throw new UserError(
      code,
      `Expected a folder of images, or a .zip, .tar or .tar.gz, at ${path || '""'}, but ${problem}`,
    );
  };

/** @throws UserError where there is no folder or file */
async function statusOf(path: string): Promise<Stats> {
  const refuse = refusing(path);
  const found = await stat(path).catch((error: NodeJS.ErrnoException) =>
    ["ENOENT", "ENOTDIR"].includes(error.code!)
      ? refuse("there is nothing. Check the path.", "not-found")
      : refuse(`${error.message}.`, "unreadable"),
  );
  return found.isDirectory() || found.isFile() ? found : refuse("it is a device, pipe or socket.");
}

async function kindOf(path: string): Promise<CollectionKind> {
  const refuse = refusing(path);
  if ((await statusOf(path)).isDirectory()) return "folder";
  const begin = await beginOf(path);
  const kind = kindOfContent(begin);
  if (kind !== undefined) return kind;
  const other = otherArchive(begin);
  if (other !== undefined) return refuse(other);
  const named = extensions.find(([pattern]) => pattern.test(path))?.[1];
  if (named !== undefined) return named;
  return (await endsAsZip(path)) ? "zip" : refuse("it is a file. Give the folder around it.");
}

/**
 * The first bytes of a file that is no archive, unpacked where it is gzipped; undefined of a folder, and of an archive.
 *
 * @throws UserError when the path leads to no folder or file
 */
export async function beginningOfFile(path: string): Promise<Buffer | undefined> {
  if ((await statusOf(path)).isDirectory()) return undefined;
  const begin = await beginOf(path);
  const kind = kindOfContent(begin);
  if (kind === "tar.gz") {
    const unpacked = beginningOfGzip(begin);
    return isTarHeader(unpacked) ? undefined : unpacked;
  }
  return kind !== undefined || otherArchive(begin) !== undefined || (await endsAsZip(path)) ? undefined : begin;
}

/** The first bytes of what is compressed, of as much of it as there is. */
function beginningOfGzip(begin: Buffer): Buffer {
  try {
    return gunzipSync(begin, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: LARGEST_LOOKED_AT });
  } catch {
    return Buffer.alloc(0);
  }
}

async function beginOf(path: string): Promise<Buffer> {
  try {
    await using file = await open(path);
    return await readFully(file, 0, BLOCK);
  } catch (error) {
    return refusing(path)(`it cannot be read: ${(error as Error).message}.`, "unreadable");
  }
}

function kindOfContent(begin: Buffer): CollectionKind | undefined {
  const magic = begin.toString("latin1", 0, 4);
  if (magic === "PK\x03\x04" || magic === "PK\x05\x06") return "zip";
  if (magic.startsWith("\x1f\x8b")) return "tar.gz";
  return isTarHeader(begin) ? "tar" : undefined;
}

/** Larger files of archives, bytes, are not decompressed for their beginning. */
const LARGEST_LOOKED_AT = 2 ** 26;

/**
 * A collection whose files can be read in any order.
 *
 * @param beginning - the first bytes of an entry, where that costs less than reading it whole
 */
function ofArchive<Entry extends ArchiveEntry>(
  head: Head,
  archive: Archive<Entry>,
  beginning = async (entry: Entry, length: number) =>
    (await archive.read(entry, { largest: LARGEST_LOOKED_AT })).subarray(0, length),
): Collection {
  const { entries, files, refused } = visible(archive);
  async function* contents(wanted: ReadonlySet<string>, { largest, signal }: ReadOptions) {
    for (const entry of entries) {
      if (!wanted.has(entry.name)) continue;
      signal?.throwIfAborted();
      yield await archive.read(entry, { largest }).then(
        (bytes): CollectionContent => ({ name: entry.name, bytes }),
        (error): CollectionContent => ({ name: entry.name, ...failureOf(error) }),
      );
    }
  }
  return {
    ...head,
    files,
    refused,
    read: (wanted, options) => withMissing(wanted, contents(wanted, options), files),
    readBeginnings: async function* (wanted, length) {
      for (const entry of entries) {
        if (!wanted.has(entry.name)) continue;
        const bytes = await beginning(entry, length).catch((error) => failureOf(error) && undefined);
        if (bytes) yield { name: entry.name, bytes };
      }
    },
    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
  };
}

/** A collection whose files come one after the other. */
function ofTarGz(head: Head, archive: TarGzArchive): Collection {
  const { entries, files, refused } = visible(archive);
  const names = new Set(entries.map(({ name }) => name));
  async function* contents(wanted: ReadonlySet<string>, { largest, signal }: ReadOptions) {
    const present = new Set([...wanted].filter((name) => names.has(name)));
    if (present.size === 0) return;
    signal?.throwIfAborted();
    for await (const { name, content } of archive.files(present, { largest })) {
      yield content instanceof EntryError ? { name, ...failureOf(content) } : { name, bytes: content };
      signal?.throwIfAborted();
    }
  }
  return {
    ...head,
    files,
    refused,
    read: (wanted, options) => withMissing(wanted, contents(wanted, options), files),
    readBeginnings: async function* (wanted, length) {
      for await (const content of contents(wanted, { largest: LARGEST_LOOKED_AT })) {
        if (!("error" in content)) yield { name: content.name, bytes: content.bytes.subarray(0, length) };
      }
    },
    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
  };
}
