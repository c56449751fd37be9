/** @file Downsampled ImageNet: the official `.npz` archives, or a folder or archive of image files with labels. */
import { UserError } from "../../errors.js";
import type { Collection } from "../collections/collection.js";
import { hasImageExtension } from "../decoding/image-format.js";
import { filesOf, readImages, type SourceFile, unusedFiles } from "./files.js";
import { isInsideNpz, isNpz, isOfficialNpz, npzAt, npzIn, npzListing } from "./imagenet-npz.js";
import {
  DATASET_JSON,
  firstFolder,
  type LabelList,
  type Labelling,
  labelsByGroup,
  labelsByLists,
  labelsOfFolders,
  prefixOf,
  readLists,
} from "./labels.js";
import { officialSplits, openSource, placesOf } from "./published.js";
import type { Listing, PathKind } from "./source.js";

const ACCEPTED =
  "train_data_batch_1.npz … and val_data.npz, alone, in a folder or in a .zip, or images whose labels are sub-folders, " +
  `a ${DATASET_JSON}, or what stands before the first "_" of their names`;

type Refuse = (problem: string) => never;

/**
 * The images of downsampled ImageNet. Its validation images are those that everyone tests on, and become `test`.
 *
 * @param path - a folder, an archive, one `.npz`, or a folder of archives
 * @param resolution - of the official arrays, which by default may have any; image files may have any size
 * @throws UserError when there is something else, a file is damaged, or images have no labels while others do
 */
export async function imagenetListing(path: string, resolution?: 32 | 64): Promise<Listing> {
  const size = resolution === undefined ? "" : ` of ${resolution}×${resolution}`;
  const refuse: Refuse = (problem) => {
    throw new UserError("unsupported-format", `Expected ImageNet${size} at ${path}: ${ACCEPTED}; but ${problem}.`);
  };
  const { collections, [Symbol.asyncDispose]: close } = await openSource(
    path,
    (name) => isNpz(name) || hasImageExtension(name),
  );
  try {
    const files = filesOf(collections);
    const arrays = files.filter(({ name }) => isNpz(name));
    const images = files.filter(({ name }) => hasImageExtension(name));
    if (arrays.length > 0 && images.length > 0) {
      refuse(`it holds both, as ${arrays[0].name} and ${images[0].name}. Give a folder of one of them`);
    }
    const alone = isInsideNpz(files.map(({ name }) => name));
    const listing = alone
      ? await npzListing([npzAt(path)], resolution)
      : arrays.length > 0
        ? await npzListing(arrays.map(npzIn), resolution)
        : await imageFiles(images, files, refuse);
    const refused = collections.flatMap((collection) => collection.refused);
    const form = alone || arrays.length > 0 ? "NumPy arrays" : "image files";
    return { ...listing, description: `ImageNet in ${form}`, refused, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

const whatElse = (files: readonly SourceFile[]): string =>
  files.length === 0 ? "it has no files" : `its ${files.length} files are others, as ${files[0].name}`;

/** Images by their names, below the folders that all of them lie in. */
async function imageFiles(images: readonly SourceFile[], files: readonly SourceFile[], refuse: Refuse) {
  if (images.length === 0) refuse(whatElse(files));
  const { collection } = images[0];
  if (images.some((image) => image.collection !== collection)) {
    refuse("its images lie in several archives. Give one of them, or unpack them into one folder");
  }
  const places = placesOf(images.map(({ name }) => name));
  const lists = await readLists(collection);
  const { classes, labels } = labelsOf(collection, images, places, lists, refuse);
  const used = places.map((_, index) => index).filter((index) => classes.length === 0 || labels[index] !== undefined);
  const splits = officialSplits(used.map((index) => places[index]));
  const left = places.flatMap(({ name }, index) => (classes.length > 0 && labels[index] === undefined ? [name] : []));
  return {
    classes,
    images: used.map((index, place) => ({
      name: places[index].name,
      ...splits[place],
      ...(labels[index] === undefined ? {} : { label: labels[index] }),
    })),
    byKind: true,
    unused: left.length > 0 ? [unusedFiles(left, "image without a class", "images without a class")] : [],
    read: (signal?: AbortSignal) =>
      readImages(
        used.map((index) => images[index]),
        signal,
      ),
  };
}

/** Labels by list, else by folder, else by the beginning of names; none where nothing tells images apart. */
function labelsOf(
  { path }: Collection,
  images: readonly SourceFile[],
  places: readonly { rest: string }[],
  lists: readonly LabelList[],
  refuse: Refuse,
): Labelling {
  const names = images.map(({ name }) => name);
  if (lists.length > 0) return labelsByLists(names, lists, path) ?? { classes: [], labels: names.map(() => undefined) };
  const folders = places.map(({ rest }) => firstFolder(rest));
  const inside = folders.filter((folder) => folder !== undefined).length;
  if (inside > 0 && 2 * inside <= folders.length) {
    refuse(`${names[folders.indexOf(undefined)]} lies in no folder of a class, as most images, while others do`);
  }
  return inside > 0 ? labelsOfFolders(folders) : labelsByGroup(places.map(({ rest }) => prefixOf(rest)));
}

const ofResolution = (resolution: 32 | 64): PathKind => ({
  usages: [`imagenet${resolution}:PATH`],
  list: (path) => imagenetListing(path, resolution),
});

/** `imagenet32:PATH` and `imagenet64:PATH`. */
export const [imagenet32, imagenet64] = [ofResolution(32), ofResolution(64)];

/** ImageNet of any resolution, which a path turns out to hold. */
export const imagenet: PathKind = {
  usages: [],
  list: (path) => imagenetListing(path),
  recognises: ({ names }) => names.some(isOfficialNpz) || isInsideNpz(names),
};
