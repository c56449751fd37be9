/** @file The files of one format at a path: a single file, or those of a folder or an archive, each to be read by itself. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../errors.js";
import type { Refusal } from "../../io/archives/archive-entry.js";
import type { Collection, CollectionFile } from "../collections/collection.js";
import { beginningOfFile, openCollection } from "../collections/open-collection.js";
import { isPlaces, nameOfPlace, placesOf } from "../places.js";

/** Bytes of the largest file that is taken into memory, where it lies in an archive itself. */
const LARGEST_INNER = 2 ** 31 - 1;

/** A file on disk by its path, or one of an archive, which is taken into memory when it is opened. */
export interface NamedFile {
  /** Below the path given. */
  name: string;
  /** As messages call it. */
  where: string;
  bytes: number;
  open(): Promise<string | Uint8Array>;
}

export interface NamedFiles extends AsyncDisposable {
  files: NamedFile[];
  /** The first of them, where the path is that of a file. */
  single?: NamedFile;
  /** Names of those that are of other formats. */
  others: string[];
  refused: readonly Refusal[];
}

/**
 * Files of a format by name, or the one file at the path, whatever it is called.
 *
 * @param isOne - whether a file of this name is of the format; such files beside a single one come with it
 * @throws UserError when there is nothing at the path
 */
export async function namedFiles(path: string, isOne: (name: string) => boolean): Promise<NamedFiles> {
  if (isPlaces(path)) return filesAtPlaces(placesOf(path));
  const isOneFile = isOne(basename(path)) && (await stat(path).catch(() => undefined))?.isFile();
  if (isOneFile || (await beginningOfFile(path)) !== undefined) return singleFile(path, isOne);
  const collection = await openCollection(path);
  return {
    files: collection.files.filter(({ name }) => isOne(name)).map((file) => fileOf(collection, file)),
    others: collection.files.filter(({ name }) => !isOne(name)).map(({ name }) => name),
    refused: collection.refused,
    [Symbol.asyncDispose]: async () => collection[Symbol.asyncDispose](),
  };
}

/** Files that a pattern or addresses name: whether each is there shows when it is opened. */
async function filesAtPlaces(places: readonly string[]): Promise<NamedFiles> {
  const files = await Promise.all(
    places.map(async (place): Promise<NamedFile> => {
      const bytes = (await stat(place).catch(() => undefined))?.size ?? Number.NaN;
      return { name: nameOfPlace(place), where: place, bytes, open: async () => place };
    }),
  );
  const names = files.map(({ name }) => name);
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) {
    throw new UserError("ambiguous", `Expected files of different names, got ${repeated} twice.`);
  }
  return { files, others: [], refused: [], [Symbol.asyncDispose]: async () => {} };
}

async function singleFile(path: string, isOne: (name: string) => boolean): Promise<NamedFiles> {
  const folder = dirname(path);
  const at = async (name: string): Promise<NamedFile> => {
    const where = join(folder, name);
    return { name, where, bytes: (await stat(where)).size, open: async () => where };
  };
  const single = await at(basename(path));
  const beside = (await readdir(folder)).filter((name) => name !== single.name && isOne(name)).sort();
  return {
    files: [single, ...(await Promise.all(beside.map(at)))],
    single,
    others: [],
    refused: [],
    [Symbol.asyncDispose]: async () => {},
  };
}

function fileOf(collection: Collection, { name, bytes }: CollectionFile): NamedFile {
  if (collection.kind === "folder") {
    const path = join(collection.path, name);
    return { name, bytes, where: path, open: async () => path };
  }
  const where = `${name} of ${collection.path}`;
  const open = async () => {
    for await (const content of collection.read(new Set([name]), { largest: LARGEST_INNER })) {
      if ("bytes" in content) return content.bytes;
      throw new UserError(
        "unreadable",
        `Expected to read ${where}, but ${content.error}. Unpack ${collection.path} and give the folder.`,
      );
    }
    throw new Error(`${where} is not there.`);
  };
  return { name, bytes, where, open };
}
