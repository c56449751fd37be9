/** @file A folder of images: its files, their labels by sub-folder, and which of them belong to a split. */
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { UserError } from "../errors.js";
import { type ImageFile, type Split, splits } from "./image-set.js";
import { splitByKey } from "./split.js";

const extensions = new Set([".jpg", ".jpeg", ".png", ".webp"]);
const ACCEPTED = "JPEG, PNG or WebP images (.jpg, .jpeg, .png, .webp)";

/** Names under which sub-folders divide a set themselves. */
const splitFolders: Record<Split, readonly string[]> = {
  train: ["train", "training"],
  validation: ["validation", "val", "valid"],
  test: ["test"],
};

/** What file managers and archivers leave behind. */
const isHidden = (path: string): boolean =>
  path.split("/").some((part) => part.startsWith(".") || part === "__MACOSX" || part === "@eaDir");

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export interface FolderFiles {
  files: ImageFile[];
  /** Names of first-level sub-folders with images, when every image lies in one. */
  classes: string[];
}

/**
 * Files of one split of a folder, in the order of their names. Hidden files and symbolic links are passed over.
 *
 * When all sub-folders are named `train`, `validation` or `test`, they are the split, and images beside them do not count.
 * Otherwise, and where only validation or test is missing, a hash of the names chooses 5 % each. Classes are those of the
 * whole set, so that a label means the same in every split.
 *
 * @throws UserError when the folder is missing, not a folder, not readable, or has no images
 */
export async function folderFiles(folder: string, split: Split): Promise<FolderFiles> {
  const all = await imageNames(folder);
  const divided = isDivided(all);
  const names = divided ? all.filter(firstFolder) : all;
  const given = (name: string): Split => (divided ? splitNamed(firstFolder(name))! : "train");
  const present = new Set(divided ? names.map(given) : []);

  const hashed = splitByKey(names.filter((name) => given(name) === "train"));
  const splitOf = (name: string): Split => {
    const chosen = hashed.get(name) ?? given(name);
    return present.has(chosen) ? given(name) : chosen; // nothing is added to a split that has a folder of its own
  };

  const classOf = (name: string) => firstFolder(divided ? name.slice(name.indexOf("/") + 1) : name);
  const found = names.map(classOf);
  const classes = found.includes(undefined) ? [] : [...new Set(found as string[])].sort(byName);
  const labels = new Map(classes.map((name, label) => [name, label]));
  const files = names.map((name, index) => {
    const label = labels.get(found[index] ?? "");
    return { path: join(folder, name), name, ...(label === undefined ? {} : { label }) };
  });
  return { files: files.filter(({ name }) => splitOf(name) === split), classes };
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

/** Paths of the images of a folder relative to it, with `/`, sorted. */
async function imageNames(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder);
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((name) => !isHidden(name))
    .sort(byName);
  const images = names.filter((name) => extensions.has(extname(name).toLowerCase()));
  if (images.length > 0) return images;
  const links = entries.filter((entry) => entry.isSymbolicLink()).length;
  const others = names.length > 0 ? `its ${names.length} files are others, as ${names[0]}` : "it has no files";
  const found = links > 0 ? `${others} (and ${links} symbolic links, which are not followed)` : others;
  throw new UserError(`Expected ${ACCEPTED} in ${folder} or its sub-folders, but ${found}.`);
}

/** Everything below a folder; links among it are not followed. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  const found = await stat(folder).catch(() => undefined);
  const expected = `Expected a folder of ${ACCEPTED} at ${folder || '""'}`;
  if (found === undefined) throw new UserError(`${expected}, but there is nothing. Check the path.`);
  if (!found.isDirectory()) throw new UserError(`${expected}, but it is a file. Give the folder around it.`);
  return readdir(folder, { withFileTypes: true, recursive: true }).catch((error: Error) => {
    throw new UserError(`${expected}, but it cannot be read: ${error.message}.`);
  });
}
