/** @file A folder or an archive of image files: their labels by sub-folder or list, and the split each belongs to. */
import { dirname } from "node:path/posix";
import { UserError } from "../../errors.js";
import type { Collection } from "../collections/collection.js";
import { openCollection } from "../collections/open-collection.js";
import { READABLE } from "../decoding/image-format.js";
import { type Split, splits } from "../image-set.js";
import { type FoundImages, findImages, readImages, unusedFiles, unusedText } from "./files.js";
import { isSplit, type Layout, type Placement, placeImages } from "./folder-layout.js";
import { readLabelTable } from "./label-table.js";
import {
  DATASET_JSON,
  isLabelList,
  type Labelling,
  labelsByLists,
  labelsOfFolders,
  listed,
  normalised,
  readLists,
} from "./labels.js";
import type { Reading } from "./reading.js";
import { dividedSplits } from "./rows.js";
import type { Listing, PathKind, SourceImage, UnusedFiles } from "./source.js";
import type { Part } from "./split-names.js";

const ACCEPTED = `${READABLE} images (.jpg, .png, .webp, .gif, .avif, .tif …)`;

/**
 * The images of a folder or an archive; labels are those of its lists, where it has some, else of folders.
 *
 * @param layout - what folders mean; undefined: what their names say
 */
export async function imageFilesListing(path: string, reading: Reading = {}): Promise<Listing> {
  const collection = await openCollection(path);
  try {
    const { layout } = reading;
    const found = await findImages(collection, (name) => isLabelList(name) || name === reading.labels);
    if (found.names.length === 0) refuseEmpty(collection, found);
    const names = inOrder(found.names);
    const table = reading.labels === undefined ? undefined : await readLabelTable(collection, names, reading);
    const lists = table ? [] : await readLists(collection);
    const byFolder = layout?.includes("classes"); // the user's word counts more than a list
    const byJson = lists.length > 0 && !byFolder ? labelsByLists(names, lists, path) : undefined;
    const list = table ? { ...table.labelling, from: reading.labels! } : byJson && { ...byJson, from: DATASET_JSON };
    const placement = withParts(placeImages(names, layout, path), names, table?.parts);
    const { images, classes, unused, notices } = divide(placement, names, list, layout);
    const files = images.map(({ name }) => ({ collection, name }));
    const passedOver = lists.length > 0 && !list ? [`${DATASET_JSON} is not used: ${whyNoList(layout)}.`] : [];
    return {
      description: collection.kind === "folder" ? "a folder of images" : `images in a .${collection.kind} archive`,
      classes,
      images,
      refused: collection.refused,
      unused: [...unused, ...found.unused],
      notices: [...(table?.notices ?? []), ...notices, ...passedOver, ...aboutNames(found)],
      read: (signal) => readImages(files, signal),
      [Symbol.asyncDispose]: () => collection[Symbol.asyncDispose](),
    };
  } catch (error) {
    await collection[Symbol.asyncDispose]();
    throw error;
  }
}

const whyNoList = (layout: Layout | undefined) =>
  layout?.includes("classes") ? `\`layout: "${layout}"\` takes folders for classes` : "it says nothing of labels";

/** Sorted by names in NFC, so that a set has one order however a system encodes accents. */
function inOrder(names: readonly string[]): readonly string[] {
  if (names.every((name) => normalised(name) === name)) return names;
  const keyed = names.map((name) => ({ name, key: normalised(name) }));
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  return keyed.sort((a, b) => compare(a.key, b.key) || compare(a.name, b.name)).map(({ name }) => name);
}

/** Labels that a list says, and what it is called. */
type ListedLabels = Labelling & { from: string };

/** The splits that a list says in place of those of folders. */
function withParts(placement: Placement, names: readonly string[], parts?: readonly (Part | undefined)[]): Placement {
  if (parts === undefined) return placement;
  const partOf = new Map(names.map((name, index) => [name, parts[index]]));
  return {
    ...placement,
    folders: new Map(),
    divided: true,
    images: placement.images.map((image) => ({ ...image, part: partOf.get(image.name) })),
  };
}

interface Divided {
  images: SourceImage[];
  classes: string[];
  unused: UnusedFiles[];
  notices: string[];
}

/**
 * Splits and labels of placed images. Where no folder says which are validation or test, a hash of the names (in NFC) chooses
 * 5 % of the training images for each. Classes are those of the whole set, so that a label means the same in every split.
 * Where there are classes, images without one are not used, nor are those beside the folders of splits.
 */
function divide(
  placement: Placement,
  names: readonly string[],
  list: ListedLabels | undefined,
  layout: Layout | undefined,
): Divided {
  const places = new Map(placement.images.map((image) => [image.name, image]));
  const inSplits = names.map((name) => isSplit(places.get(name)!.part));
  const { classes, labels } =
    list ?? labelsOfFolders(names.map((name, index) => (inSplits[index] ? places.get(name)!.group : undefined)));
  const isUsed = (index: number) => inSplits[index] && (classes.length === 0 || labels[index] !== undefined);
  const used = names.map((_, index) => index).filter(isUsed);

  const partOf = (index: number) => places.get(names[index])!.part as Split;
  const chosen = dividedSplits(
    used.map((index) => ({ key: normalised(names[index]), part: partOf(index) })),
    placement.divided ?? placement.folders.size > 0,
  );
  const images = used.map((index, place): SourceImage => {
    const label = labels[index];
    return { name: names[index], split: chosen[place], ...(label === undefined ? {} : { label }) };
  });
  return {
    images,
    classes,
    unused: unusedImages(names, places, labels, classes, list?.from),
    notices: [...aboutLayout(placement, { classes, images, list }, layout), ...placement.notices],
  };
}

/** Images that have a place, and are not used for want of a split or a class. */
function unusedImages(
  names: readonly string[],
  places: ReadonlyMap<string, { part: Part | undefined }>,
  labels: readonly (number | undefined)[],
  classes: readonly string[],
  list: string | undefined,
): UnusedFiles[] {
  const beside = names.filter((name) => places.get(name)!.part === undefined);
  const unlabelled = names.filter((name) => places.get(name)!.part === "unlabelled");
  const classless = names.filter(
    (name, index) => classes.length > 0 && isSplit(places.get(name)!.part) && labels[index] === undefined,
  );
  const [one, many] = list
    ? [`image that ${list} does not name`, `images that ${list} does not name`]
    : ["image outside the class folders", "images outside the class folders"];
  return [
    unusedFiles(classless, one, many),
    unusedFiles(beside, "image outside the split folders", "images outside the split folders"),
    unusedFiles(unlabelled, "unlabelled image", "unlabelled images"),
  ].filter(({ count }) => count > 0);
}

/** What folders were taken for, and how to say that they are something else. */
function aboutLayout(
  { layout: taken, folders, images: placed }: Placement,
  { classes, images, list }: { classes: string[]; images: SourceImage[]; list: ListedLabels | undefined },
  given: Layout | undefined,
): string[] {
  const otherwise = (hint: string) => (given === undefined ? ` ${hint}` : "");
  const notices: string[] = [];
  const inside = splits.flatMap((split) => {
    const names = [...folders].filter(([, part]) => part === split).map(([folder]) => folder);
    return names.length > 0 ? [`${split} (${listed(names)})`] : [];
  });
  const beside = inside.length > 0 && !inside[0].startsWith("train") && placed.some(isTrained);
  if (inside.length > 0) {
    const rest = beside ? "; the folders beside are training images" : "";
    const hint = otherwise('If they are classes, give `layout: "classes"`.');
    notices.push(`Folders taken for splits: ${inside.join(", ")}${rest}.${hint}`);
  }
  const missing = splits.filter((split) => folders.size > 0 && ![...folders.values()].includes(split));
  const drawn = missing.filter((split) => split !== "train" && images.some((image) => image.split === split));
  if (drawn.length > 0) {
    const each = drawn.length > 1 ? "each" : "it";
    notices.push(
      `No folder for ${drawn.join(" or ")}: 5 % of the training images go to ${each}, chosen by a hash of their names.`,
    );
  }
  if (list) {
    notices.push(
      classes.length === 0 ? `No classes: ${list.from} says so.` : `Classes by ${list.from}: ${classes.length}.`,
    );
  } else if (classes.length > 0) {
    const other = taken === "splits/classes" && !beside ? "splits" : "flat";
    const hint = otherwise(`If they are not, give \`layout: "${other}"\`.`);
    notices.push(`Folders taken for classes: ${classes.length} (${listed(classes)}).${hint}`);
    const learned = new Set(
      images.flatMap(({ split, label }) => (split === "train" && label !== undefined ? label : [])),
    );
    const unseen = classes.filter((_, label) => !learned.has(label));
    if (unseen.length > 0 && learned.size > 0) {
      notices.push(`No training images of ${unseen.length} of the classes: ${listed(unseen)}.`);
    }
  }
  return notices;
}

const isTrained = ({ part }: { part: Part | undefined }): boolean => part === "train";

/** What names hide: images under other names, folders that look the same, folders without an image that can be read. */
function aboutNames({ names, disguised, unreadableFolders }: FoundImages): string[] {
  const notices: string[] = [];
  if (disguised.length > 0) {
    const [are, their] =
      disguised.length === 1 ? ["file is an image", "its name"] : ["files are images", "their names"];
    notices.push(`${disguised.length} ${are} by content, not by ${their}, and used: ${listed(disguised)}.`);
  }
  const spellings = new Map<string, Set<string>>();
  for (const name of names) {
    if (isAscii(name)) continue;
    const folder = dirname(name);
    const key = normalised(folder);
    if (!spellings.has(key)) spellings.set(key, new Set());
    spellings.get(key)!.add(folder);
  }
  const merged = [...spellings].filter(([, { size }]) => size > 1).map(([key]) => key);
  if (merged.length > 0) {
    notices.push(
      `Folders that look the same are one, though their accents are encoded differently: ${listed(merged)}.`,
    );
  }
  if (unreadableFolders.length > 0) {
    notices.push(`No image of these folders can be read: ${listed(unreadableFolders)}.`);
  }
  return notices;
}

const isAscii = (name: string): boolean => !/[^ -~]/.test(name);

/** @throws UserError saying what is there instead of images */
function refuseEmpty({ path, refused }: Collection, { unused }: FoundImages): never {
  const others = unused.length > 0 ? `it has ${unused.slice(0, 3).map(unusedText).join("; ")}` : "it has no files";
  const first = refused.at(0);
  const found = first
    ? `${others} (and ${refused.length} that are not used, as ${first.file}: ${first.reason})`
    : others;
  throw new UserError("too-few-images", `Expected ${ACCEPTED} in ${path} or its sub-folders, but ${found}.`);
}

/** `folder:PATH`, and any path that is nothing else. */
export const folder: PathKind = {
  usages: ["folder:PATH"],
  list: imageFilesListing,
  takes: ["layout", "labels", "imageColumn", "labelColumn"],
};
