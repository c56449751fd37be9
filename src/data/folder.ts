/** @file A folder of images: its files, their labels by sub-folder, and which of them belong to a split. */
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { UserError } from "../errors.js";
import type { ImageFile, Split } from "./image-set.js";
import { splitByKey } from "./split.js";

const extensions = new Set([".jpg", ".jpeg", ".png", ".webp"]);
const ACCEPTED = "JPEG, PNG or WebP images (.jpg, .jpeg, .png, .webp)";

/** Names under which sub-folders divide a set themselves. */
const splitFolders: Record<Split, readonly string[]> = {
  train: ["train", "training"],
  validation: ["validation", "val", "valid"],
  test: ["test"],
};

export interface FolderFiles {
  files: ImageFile[];
  /** Names of first-level sub-folders with images, when every image lies in one. */
  classes: string[];
}

/**
 * Files of one split of a folder, in the order of their names. Symbolic links are not followed.
 *
 * Sub-folders `train`, `validation` and `test` are taken as the split; otherwise 5 % of the images each, chosen by a hash
 * of their names, are for validation and for testing.
 *
 * @throws UserError when the folder is missing, not a folder, or has no images
 */
export async function folderFiles(folder: string, split: Split): Promise<FolderFiles> {
  await assertFolder(folder);
  const divided = await ownSplit(folder);
  if (divided) {
    const part = divided[split];
    return part === undefined ? { files: [], classes: [] } : labelled(part, await imagesIn(part));
  }
  const all = await imagesIn(folder);
  const splits = splitByKey(all.map((path) => relative(folder, path).split(sep).join("/")));
  const { files, classes } = labelled(folder, all);
  return { files: files.filter(({ name }) => splits.get(name) === split), classes };
}

async function assertFolder(folder: string): Promise<void> {
  if (!existsSync(folder)) {
    throw new UserError(`Expected a folder of ${ACCEPTED} at ${folder}, but there is nothing. Check the path.`);
  }
  if (!(await stat(folder)).isDirectory()) {
    throw new UserError(`Expected a folder of ${ACCEPTED} at ${folder}, but it is a file. Give the folder around it.`);
  }
}

/** Paths of the sub-folders that divide the set, when there is one for training. */
async function ownSplit(folder: string): Promise<Partial<Record<Split, string>> | undefined> {
  const found: Partial<Record<Split, string>> = {};
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    for (const split of ["train", "validation", "test"] as const) {
      if (splitFolders[split].includes(entry.name.toLowerCase())) found[split] = join(folder, entry.name);
    }
  }
  return found.train === undefined ? undefined : found;
}

async function imagesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const paths = entries
    .filter((entry) => entry.isFile() && extensions.has(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort((a, b) => (a < b ? -1 : 1));
  if (paths.length === 0) {
    throw new UserError(
      `Expected ${ACCEPTED} in ${folder} or its sub-folders, but among ${entries.length} entries there are none.`,
    );
  }
  return paths;
}

function labelled(folder: string, paths: readonly string[]): FolderFiles {
  const files = paths.map((path) => ({ path, name: relative(folder, path).split(sep).join("/") }));
  const folders = files.map(({ name }) => (name.includes("/") ? name.slice(0, name.indexOf("/")) : undefined));
  if (folders.includes(undefined)) return { files, classes: [] };
  const classes = [...new Set(folders as string[])].sort();
  return { files: files.map((file, index) => ({ ...file, label: classes.indexOf(folders[index]!) })), classes };
}
