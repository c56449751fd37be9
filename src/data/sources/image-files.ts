/** @file A folder or an archive of image files: their labels by sub-folder, and the split each belongs to. */
import { extname, resolve } from "node:path";
import { UserError } from "../../errors.js";
import type { Collection } from "../collections/collection.js";
import { fingerprintOf, openCollection } from "../collections/open-collection.js";
import { LARGEST_FILE } from "../decode.js";
import { type Split, splits } from "../image-set.js";
import { splitByKey } from "../split.js";
import type { Listing, Source, SourceImage } from "./listing.js";

const extensions = new Set([".jpg", ".jpeg", ".png", ".webp", ".gif"]);
const ACCEPTED = "JPEG, PNG, WebP or GIF images (.jpg, .jpeg, .png, .webp, .gif)";

/** Names under which sub-folders divide a set themselves. */
const splitFolders: Record<Split, readonly string[]> = {
  train: ["train", "training"],
  validation: ["validation", "val", "valid"],
  test: ["test"],
};

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The images of a folder or an archive. */
export function imageFilesSource(path: string): Source {
  return {
    id: `folder:${resolve(path)}`,
    description: "images",
    fingerprint: () => fingerprintOf(path),
    list: async () => {
      const collection = await openCollection(path);
      try {
        return listImages(collection);
      } catch (error) {
        await collection.close();
        throw error;
      }
    },
  };
}

function listImages(collection: Collection): Listing {
  const { images, classes } = divide(imageNames(collection));
  const indices = new Map(images.map(({ name }, index) => [name, index]));
  return {
    classes,
    images,
    refused: collection.refused,
    async *read(signal) {
      for await (const file of collection.read(new Set(indices.keys()), { largest: LARGEST_FILE, signal })) {
        const index = indices.get(file.name)!;
        yield "bytes" in file ? { index, encoded: file.bytes } : { index, error: file.error };
      }
    },
    close: () => collection.close(),
  };
}

/**
 * Splits and labels by the names of files. When all first sub-folders are named `train`, `validation` or `test`, they are
 * the split, and images beside them do not count. Otherwise, and where only validation or test is missing, a hash of the
 * names chooses 5 % each. The next sub-folders are classes, if every image lies in one: those of the whole set, so that a
 * label means the same in every split.
 */
export function divide(all: readonly string[]): { images: SourceImage[]; classes: string[] } {
  const divided = isDivided(all);
  const names = divided ? all.filter(firstFolder) : all;
  const given = (name: string): Split => (divided ? splitNamed(firstFolder(name))! : "train");
  const present = new Set(divided ? names.map(given) : []);

  const hashed = splitByKey(names.filter((name) => given(name) === "train"));
  const splitOf = (name: string): Split => {
    const chosen = hashed.get(name) ?? given(name);
    return present.has(chosen) ? given(name) : chosen; // nothing is added to a split that has a folder of its own
  };

  const found = names.map((name) => firstFolder(divided ? name.slice(name.indexOf("/") + 1) : name));
  const classes = found.includes(undefined) ? [] : [...new Set(found as string[])].sort(byName);
  const labels = new Map(classes.map((name, label) => [name, label]));
  const images = names.map((name, index) => {
    const label = labels.get(found[index] ?? "");
    return { name, split: splitOf(name), ...(label === undefined ? {} : { label }) };
  });
  return { images, classes };
}

/** Whether sub-folders divide the set: all of them are named so, since a class may be called "train" too. */
function isDivided(names: readonly string[]): boolean {
  const found = new Set(
    names
      .map(firstFolder)
      .filter((folder) => folder !== undefined)
      .map(splitNamed),
  );
  return found.has("train") && !found.has(undefined);
}

const splitNamed = (folder: string | undefined): Split | undefined =>
  splits.find((split) => folder !== undefined && splitFolders[split].includes(folder.toLowerCase()));

/** The first-level sub-folder that a file lies in. */
const firstFolder = (name: string): string | undefined =>
  name.includes("/") ? name.slice(0, name.indexOf("/")) : undefined;

/** Names of the images among a collection's files. */
function imageNames({ path, files, refused }: Collection): string[] {
  const images = files.map(({ name }) => name).filter((name) => extensions.has(extname(name).toLowerCase()));
  if (images.length > 0) return images;
  const others = files.length > 0 ? `its ${files.length} files are others, as ${files[0].name}` : "it has no files";
  const first = refused.at(0);
  const found = first
    ? `${others} (and ${refused.length} that are not used, as ${first.file}: ${first.reason})`
    : others;
  throw new UserError(`Expected ${ACCEPTED} in ${path} or its sub-folders, but ${found}.`);
}
