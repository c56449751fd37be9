/** @file Image files of collections: which files are some, and how they are read. */
import type { Collection, Failure } from "../collections/collection.js";
import { LARGEST_FILE } from "../decoding/decode.js";
import type { SourceContent } from "./listing.js";

/** A file of one of several collections. */
export interface SourceFile {
  collection: Collection;
  /** In its collection. */
  name: string;
}

/** All files of some collections. */
export const filesOf = (collections: readonly Collection[]): SourceFile[] =>
  collections.flatMap((collection) => collection.files.map(({ name }) => ({ collection, name })));

/**
 * Reads files of several collections, each collection in the order that costs it least.
 *
 * @returns bytes or what went wrong, with the index into `files`
 */
export async function* readFiles(
  files: readonly SourceFile[],
  { largest = LARGEST_FILE, signal }: { largest?: number; signal?: AbortSignal } = {},
): AsyncGenerator<{ index: number } & ({ bytes: Uint8Array } | Failure)> {
  const wanted = new Map<Collection, Map<string, number>>();
  files.forEach(({ collection, name }, index) => {
    if (!wanted.has(collection)) wanted.set(collection, new Map());
    wanted.get(collection)!.set(name, index);
  });
  for (const [collection, indices] of wanted) {
    for await (const { name, ...content } of collection.read(new Set(indices.keys()), { largest, signal })) {
      yield { index: indices.get(name)!, ...content };
    }
  }
}

/** Image files as the content of a listing. */
export async function* readImages(files: readonly SourceFile[], signal?: AbortSignal): AsyncGenerator<SourceContent> {
  for await (const file of readFiles(files, { signal })) {
    yield "bytes" in file ? { index: file.index, encoded: file.bytes } : file;
  }
}
