/**
 * @file What published data sets have in common. The user gives a folder, an archive, or a folder of the archives. The
 * sets come in two parts: everyone trains on one and reports figures of the other.
 */
import { join } from "node:path";
import type { Collection } from "../collections/collection.js";
import { openCollection } from "../collections/open-collection.js";
import type { Split } from "../image-set.js";
import { splitByKey } from "../split.js";
import { commonFolders, firstFolder } from "./labels.js";
import { partNamed as partOfFolder } from "./split-names.js";

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

export type Part = "train" | "test";

/** The part that a folder of this name holds. ImageNet's validation images are what everyone tests on. */
export function partNamed(folder: string | undefined): Part | undefined {
  const part = partOfFolder(folder);
  return part === undefined || part === "unlabelled" ? undefined : part === "train" ? "train" : "test";
}

/**
 * The split of every image. A part is a split whole; validation is a tenth of the test images, which a hash of their names
 * chooses (all of them when they are fewer than ten). Without a test part, the training images are divided as any other set.
 *
 * @param images - with names that are unique
 */
export function officialSplits(
  images: readonly { name: string; part: Part }[],
): { split: Split; alsoValidation?: true }[] {
  const held = images.filter(({ part }) => part === "test").map(({ name }) => name);
  if (held.length === 0) {
    const splits = splitByKey(images.map(({ name }) => name));
    return images.map(({ name }) => ({ split: splits.get(name)! }));
  }
  const divided = splitByKey(held); // which takes a twentieth twice
  const watched = new Set(held.filter((name) => held.length < 10 || divided.get(name) !== "train"));
  return images.map(({ name, part }) => ({
    split: part,
    ...(part === "test" && watched.has(name) ? { alsoValidation: true } : {}),
  }));
}

/** Where an image lies in a set that is divided by folders. */
export interface Place {
  /** Below the folders that all images lie in. */
  name: string;
  part: Part;
  /** The name below the folder of the part. */
  rest: string;
}

/**
 * Places of images by their names: folders around all of them are skipped, as archives have one, then sub-folders are
 * the parts when all of them are called so; otherwise, and beside them, images are of `train`.
 */
export function placesOf(names: readonly string[]): Place[] {
  const around = commonFolders(names, (folder) => partNamed(folder) !== undefined);
  const below = names.map((name) => name.slice(around.length));
  const inFolders = below.filter((name) => firstFolder(name) !== undefined);
  const divided = inFolders.length > 0 && inFolders.every((name) => partNamed(firstFolder(name)) !== undefined);
  return below.map((name) => {
    if (!divided || firstFolder(name) === undefined) return { name, part: "train", rest: name };
    return { name, part: partNamed(firstFolder(name))!, rest: name.slice(name.indexOf("/") + 1) };
  });
}
