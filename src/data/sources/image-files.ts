/** @file A folder or an archive of image files: their labels by sub-folder or list, and the split each belongs to. */
import { UserError } from "../../errors.js";
import type { Collection } from "../collections/collection.js";
import { openCollection } from "../collections/open-collection.js";
import { READABLE } from "../decoding/image-format.js";
import { type Split, splits } from "../image-set.js";
import { splitByKey } from "../split.js";
import { isImageName, readImages } from "./files.js";
import { readLists } from "./label-lists.js";
import { commonFolders, firstFolder, type Labelling, labelsByGroup, labelsByLists } from "./labels.js";
import type { Listing, SourceImage } from "./listing.js";

const ACCEPTED = `${READABLE} images (.jpg, .png, .webp, .gif, .avif, .tif …)`;

/** Names under which sub-folders divide a set themselves. */
const splitFolders: Record<Split, readonly string[]> = {
  train: ["train", "training"],
  validation: ["validation", "val", "valid"],
  test: ["test"],
};

/** The images of a folder or an archive; labels are those of its lists, where it has some. */
export async function imageFilesListing(path: string): Promise<Listing> {
  const collection = await openCollection(path);
  try {
    const names = imageNames(collection);
    const lists = await readLists(collection);
    const { images, classes } = divide(names, lists.length > 0 ? labelsByLists(names, lists, path) : undefined);
    const files = images.map(({ name }) => ({ collection, name }));
    return {
      description: collection.kind === "folder" ? "a folder of images" : `images in a .${collection.kind} archive`,
      classes,
      images,
      refused: collection.refused,
      read: (signal) => readImages(files, signal),
      close: () => collection.close(),
    };
  } catch (error) {
    await collection.close();
    throw error;
  }
}

/**
 * Splits and labels by the names of files. Folders around all of them are passed over, as archives have one. When all first
 * sub-folders are named `train`, `validation` or `test`, they are the split, and images beside them do not count. Otherwise,
 * and where only validation or test is missing, a hash of the names chooses 5 % each. Without a list, the next sub-folders
 * are classes, if every image lies in one: those of the whole set, so that a label means the same in every split.
 */
function divide(all: readonly string[], listed?: Labelling): { images: SourceImage[]; classes: string[] } {
  const around = commonFolders(all, (folder) => splitNamed(folder) === "train").length;
  const folderOf = (name: string) => firstFolder(name.slice(around));
  const divided = isDivided(all.map(folderOf));
  const names = divided ? all.filter(folderOf) : all;
  const given = (name: string): Split => (divided ? splitNamed(folderOf(name))! : "train");
  const present = new Set(divided ? names.map(given) : []);

  const hashed = splitByKey(names.filter((name) => given(name) === "train"));
  const splitOf = (name: string): Split => {
    const chosen = hashed.get(name) ?? given(name);
    return present.has(chosen) ? given(name) : chosen; // nothing is added to a split that has a folder of its own
  };

  const inSplit = (name: string) => name.slice(divided ? name.indexOf("/", around) + 1 : around);
  const { classes, labels } = listed
    ? chosen(listed, all, names)
    : labelsByGroup(names.map((name) => firstFolder(inSplit(name))));
  const images = names.map((name, index) => {
    const label = labels[index];
    return { name, split: splitOf(name), ...(label === undefined ? {} : { label }) };
  });
  return { images, classes };
}

/** The labels of some of the names. */
function chosen({ classes, labels }: Labelling, all: readonly string[], names: readonly string[]): Labelling {
  const known = new Map(all.map((name, index) => [name, labels[index]]));
  return { classes, labels: names.map((name) => known.get(name)) };
}

/** Whether sub-folders divide the set, given that of every image: all of them are named so, since a class may be called "train" too. */
function isDivided(folders: readonly (string | undefined)[]): boolean {
  const found = new Set(folders.filter((folder) => folder !== undefined).map(splitNamed));
  return found.has("train") && !found.has(undefined);
}

const splitNamed = (folder: string | undefined): Split | undefined =>
  splits.find((split) => folder !== undefined && splitFolders[split].includes(folder.toLowerCase()));

/** Names of the images among a collection's files. */
function imageNames({ path, files, refused }: Collection): string[] {
  const images = files.map(({ name }) => name).filter(isImageName);
  if (images.length > 0) return images;
  const others = files.length > 0 ? `its ${files.length} files are others, as ${files[0].name}` : "it has no files";
  const first = refused.at(0);
  const found = first
    ? `${others} (and ${refused.length} that are not used, as ${first.file}: ${first.reason})`
    : others;
  throw new UserError(`Expected ${ACCEPTED} in ${path} or its sub-folders, but ${found}.`);
}
