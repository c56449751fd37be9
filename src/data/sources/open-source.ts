/** @file Opens what the user gave for a published data set: a folder, an archive, or a folder of its archives. */
import { join } from "node:path";
import type { Collection } from "../collections/collection.js";
import { openCollection } from "../collections/open-collection.js";

const isArchive = (name: string): boolean => /^[^/]+\.(tar|tar\.gz|tgz|zip)$/i.test(name);

/** Collections that are closed together. */
export interface OpenSource extends AsyncDisposable {
  collections: Collection[];
}

/**
 * Opens a folder or an archive; where it is a folder without any file that counts, the archives that lie right in it, since
 * data sets are published as several.
 *
 * @param counts - whether a file of this name belongs to the data set
 * @throws UserError as `openCollection` does
 */
export async function openSource(path: string, counts: (name: string) => boolean): Promise<OpenSource> {
  const collections = [await openCollection(path)];
  const close = async () => {
    for (const collection of collections) await collection[Symbol.asyncDispose]();
  };
  const { kind, files } = collections[0];
  if (kind !== "folder" || files.some(({ name }) => counts(name))) return { collections, [Symbol.asyncDispose]: close };
  try {
    for (const { name } of files) if (isArchive(name)) collections.push(await openCollection(join(path, name)));
    return { collections, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
