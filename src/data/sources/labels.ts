/** @file Labels of images that are files: by folder, by the first part of the name, or by a list in `dataset.json`. */
import { UserError } from "../../errors.js";
import { parseJson } from "../../io/files/json.js";
import { shown } from "../../io/python/pickle-text.js";
import type { Collection } from "../collections/collection.js";

export interface Labelling {
  /** Names of the classes; empty when images have no labels. */
  classes: string[];
  /** Index into `classes` for every image. */
  labels: (number | undefined)[];
}

/** File that lists labels, as StyleGAN's and EDM's data sets have it. */
export const DATASET_JSON = "dataset.json";
/** Bytes of the largest list that is read: ImageNet's has 40 MB. */
const LARGEST_DATASET_JSON = 2 ** 26;
/** ImageNet has 21,841 classes when all are used. */
export const MOST_CLASSES = 2 ** 16;

/** The file's own name. */
export const baseName = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** How names are compared: what looks the same is the same, however its accents are encoded. */
export const normalised = (name: string): string => name.normalize("NFC");

/** The first-level sub-folder that a file lies in. */
export function firstFolder(name: string): string | undefined {
  const end = name.indexOf("/");
  return end < 0 ? undefined : name.slice(0, end);
}

/** The folders that all of the names lie in, as "a/b/", up to the first that is to be `kept`; "" where there is none. */
export function commonFolders(names: readonly string[], kept: (folder: string) => boolean): string {
  const folders = names[0]?.split("/").slice(0, -1) ?? [];
  const end = folders.findIndex(kept);
  let common = (end < 0 ? folders : folders.slice(0, end)).map((folder) => `${folder}/`).join("");
  for (const name of names) {
    while (!name.startsWith(common)) common = common.slice(0, common.lastIndexOf("/", common.length - 2) + 1);
  }
  return common;
}

/** How many names a sentence has. */
const NAMED = 5;

/** The first of some names: "a, b, c, …". */
export const listed = (names: readonly string[]): string =>
  `${names.slice(0, NAMED).join(", ")}${names.length > NAMED ? ", …" : ""}`;

/** What stands before the first "_" in the file's own name, as guided-diffusion has its classes: `n01440764_10026.png`. */
export const prefixOf = (name: string): string | undefined => /^([^_]+)_/.exec(baseName(name))?.[1];

/** Classes that are the names of groups in NFC, sorted; none when an image is in no group, or all are in one. */
export function labelsByGroup(given: readonly (string | undefined)[]): Labelling {
  const groups = given.map((group) => group && normalised(group));
  const classes = [...new Set(groups)].sort();
  if (!isComplete(classes) || classes.length < 2) return { classes: [], labels: groups.map(() => undefined) };
  const index = new Map(classes.map((name, label) => [name, label]));
  return { classes, labels: groups.map((group) => index.get(group!)) };
}

/** Classes that are the names of folders, as `labelsByGroup`; images in no folder have no label. */
export function labelsOfFolders(folders: readonly (string | undefined)[]): Labelling {
  const inFolders = folders.filter((folder) => folder !== undefined);
  const { classes } = labelsByGroup(inFolders);
  const index = new Map(classes.map((name, label) => [name, label]));
  return { classes, labels: folders.map((folder) => (folder === undefined ? folder : index.get(normalised(folder)))) };
}

/** The classes that are left, and those that are not; where fewer than two are left, there are none. */
export function withoutLost(
  classes: readonly string[],
  isLost: (label: number) => boolean,
): { classes: string[]; lost: string[] } {
  const left = classes.filter((_, label) => !isLost(label));
  return { classes: left.length < 2 ? [] : left, lost: classes.filter((_, label) => isLost(label)) };
}

/** Says that classes are gone. */
export const lostText = (lost: readonly string[]): string => {
  const dropped = lost.length === 1 ? "it is not a class" : "they are not classes";
  return `No file of ${listed(lost)} can be decoded, so ${dropped}. Replace the files, or remove the folders.`;
};

const isComplete = (groups: (string | undefined)[]): groups is string[] => !groups.includes(undefined);

/**
 * Labels by lists like `{"labels": [["00000/img00000000.png", 6], …]}`, each for the files below its own folder; classes are
 * called by their numbers. A class may also be one-hot: `[0, 0, 1]`. Names are compared in NFC, and those that are not among
 * the images are skipped, as whoever wrote the list does. Images that no list names have no label: they must be fewer
 * than the others.
 *
 * @param lists - every `dataset.json` by its name, beside the images' names
 * @param where - the collection, for messages
 * @returns no classes when a list says that there are none (`{"labels": null}`); undefined when none says anything of labels
 * @throws UserError when a list is malformed, names an image twice, or leaves half of the images out
 */
export function labelsByLists(
  names: readonly string[],
  lists: readonly { name: string; bytes: Uint8Array }[],
  where: string,
): Labelling | undefined {
  const known = new Map<string, number>();
  let [stated, none] = [false, false];
  for (const { name: list, bytes } of lists) {
    const refuse = refuser(list, where);
    const folder = list.slice(0, -DATASET_JSON.length);
    const labels = parseList(bytes, refuse);
    stated ||= Array.isArray(labels);
    none ||= labels === null;
    for (const [file, label] of labels ?? []) {
      const name = normalised(folder + file.replaceAll("\\", "/"));
      if (known.has(name)) refuse(`it names ${JSON.stringify(file)} twice`);
      known.set(name, label);
    }
  }
  if (!stated) return none ? { classes: [], labels: names.map(() => undefined) } : undefined;
  const labels = names.map((name) => known.get(normalised(name)));
  const left = labels.filter((label) => label === undefined).length;
  if (2 * left >= labels.length) {
    const others = left > 1 ? ` and ${left - 1} of the other ${labels.length - 1} images` : "";
    refuser(lists[0].name, where)(`it has no label for ${names[labels.indexOf(undefined)]}${others}`);
  }
  const count = labels.reduce<number>((most, label) => Math.max(most, (label ?? -1) + 1), 0);
  return { classes: Array.from({ length: count }, (_, label) => `${label}`), labels };
}

type Refuse = (problem: string) => never;

const refuser =
  (list: string, where: string): Refuse =>
  (problem) => {
    throw new UserError(
      "unsupported-format",
      `Expected labels as {"labels": [["image.png", 0], …]} or {"labels": null} in ${list} of ${where}, but ${problem}.`,
    );
  };

/** The labels of a list; null where it says that there are none, undefined where it says nothing of them. */
function parseList(bytes: Uint8Array, refuse: Refuse): [string, number][] | null | undefined {
  if (bytes.length > LARGEST_DATASET_JSON) {
    refuse(`it has ${bytes.length} bytes; at most ${LARGEST_DATASET_JSON} are read`);
  }
  const { labels } = parseObject(bytes, refuse);
  if (labels === undefined || labels === null) return labels;
  if (!Array.isArray(labels)) return refuse("its labels are no list");
  const pairs = labels.map((pair) => (isOneHot(pair) ? [pair[0], pair[1].indexOf(1)] : pair));
  const wrong = pairs.findIndex((pair) => !isLabel(pair));
  if (wrong >= 0)
    refuse(
      `its entry ${wrong} is ${Array.isArray(labels[wrong]) ? `[${labels[wrong].slice(0, 4).map(shown)}]` : shown(labels[wrong])}`,
    );
  return pairs as [string, number][];
}

/** Whether a label is a vector with one 1 among zeros. */
const isOneHot = (pair: unknown): pair is [string, number[]] =>
  Array.isArray(pair) &&
  Array.isArray(pair[1]) &&
  pair[1].every((value) => value === 0 || value === 1) &&
  pair[1].filter((value) => value === 1).length === 1;

function parseObject(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
  const value = parseJson(bytes, (problem) => refuse(`it is no JSON (${problem})`));
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : refuse("it is no object");
}

const isLabel = (pair: unknown): pair is [string, number] =>
  Array.isArray(pair) &&
  pair.length === 2 &&
  typeof pair[0] === "string" &&
  Number.isInteger(pair[1]) &&
  pair[1] >= 0 &&
  pair[1] < MOST_CLASSES;

/** One around everything, or one in each part. */
const MOST_LISTS = 4;

/** A `dataset.json`. */
export interface LabelList {
  name: string;
  bytes: Uint8Array;
}

/** Whether a file is called as lists are. */
export const isLabelList = (name: string): boolean => baseName(name) === DATASET_JSON;

/** @throws UserError when there are too many, or one cannot be read */
export async function readLists(collection: Collection): Promise<LabelList[]> {
  const names = collection.files.map(({ name }) => name).filter(isLabelList);
  const refuse = (problem: string): never => {
    throw new UserError(
      "unreadable",
      `Expected labels in at most ${MOST_LISTS} readable files ${DATASET_JSON} of ${collection.path}, but ${problem}.`,
    );
  };
  if (names.length > MOST_LISTS) refuse(`it has ${names.length} files called ${DATASET_JSON}`);
  const lists: LabelList[] = [];
  for await (const content of collection.read(new Set(names), { largest: LARGEST_DATASET_JSON })) {
    if ("error" in content) refuse(`its ${content.name} cannot be used: ${content.error}`);
    else lists.push(content);
  }
  return lists;
}
