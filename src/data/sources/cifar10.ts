/**
 * @file CIFAR-10 in every form in which it is passed on: its authors' binary and Python archives, and JPEG or PNG files in
 * folders of the classes; packed or not. All give the same classes in the same order.
 */
import { UserError } from "../../errors.js";
import { shown } from "../../io/python/pickle-text.js";
import { hasImageExtension } from "../decoding/image-format.js";
import { fetchedPath } from "../fetch.js";
import {
  type Batch,
  IMAGE_BYTES,
  parseBinaryBatch,
  parseBinaryNames,
  parsePythonBatch,
  parsePythonNames,
} from "./cifar10-batches.js";
import { filesOf, readFiles, readImages, type SourceFile } from "./files.js";
import { baseName } from "./labels.js";
import { officialSplits, openSource, type Part, partNamed } from "./published.js";
import type { Listing, PathKind, SourceContent } from "./source.js";

/** In the order of their labels. */
export const cifar10Classes = "airplane automobile bird cat deer dog frog horse ship truck".split(" ");

const ACCEPTED =
  "cifar-10-binary.tar.gz or cifar-10-python.tar.gz, what lies in them, or images in folders train/airplane … test/truck " +
  "(also in .tar, .tar.gz or .zip)";

const RESOLUTION = 32;
/** Bytes of the largest batch: 31 MB, and several times that as text. */
const LARGEST_BATCH = 2 ** 28;

/** One of the two forms in batches. */
interface BatchForm {
  name: string;
  train: readonly string[];
  test: string;
  names: string;
  parse(bytes: Uint8Array, where: string): Batch;
  parseNames(bytes: Uint8Array, where: string): unknown;
}

const numbers = [1, 2, 3, 4, 5];
const binary: BatchForm = {
  name: "binary batches",
  train: numbers.map((number) => `data_batch_${number}.bin`),
  test: "test_batch.bin",
  names: "batches.meta.txt",
  parse: parseBinaryBatch,
  parseNames: parseBinaryNames,
};
const python: BatchForm = {
  name: "Python batches",
  train: numbers.map((number) => `data_batch_${number}`),
  test: "test_batch",
  names: "batches.meta",
  parse: parsePythonBatch,
  parseNames: parsePythonNames,
};

type Refuse = (problem: string) => never;

const isBatchOf = ({ train, test }: BatchForm, name: string): boolean => [...train, test].includes(baseName(name));

/** The folder that a file lies in, as a class; -1 when it is none. */
const classOf = (name: string): number => {
  const folder = name.split("/").at(-2)?.toLowerCase() ?? "";
  return cifar10Classes.indexOf(folder);
};

/** Whether a file is called as a batch of CIFAR-10. */
const isCifar10Batch = (name: string): boolean => isBatchOf(binary, name) || isBatchOf(python, name);

const counts = (name: string): boolean => isCifar10Batch(name) || (hasImageExtension(name) && classOf(name) >= 0);

/**
 * The images of CIFAR-10, with their official classes and splits.
 *
 * @param path - the archive, the folder that was in it, or the folder that the archives lie in
 * @throws UserError when there is something else, part of the training images is missing, or a file is damaged
 */
export async function cifar10Listing(path: string): Promise<Listing> {
  const refuse: Refuse = (problem) => {
    throw new UserError("unsupported-format", `Expected CIFAR-10 at ${path}: ${ACCEPTED}; but ${problem}.`);
  };
  const { collections, [Symbol.asyncDispose]: close } = await openSource(path, counts);
  try {
    const files = filesOf(collections);
    const forms = [binary, python].filter((form) => files.some(({ name }) => isBatchOf(form, name)));
    const images = files.filter(({ name }) => hasImageExtension(name));
    const found = [...forms.map(({ name }) => name), ...(images.length > 0 ? ["image files"] : [])];
    if (found.length > 1) refuse(`it holds ${found.join(" and ")}. Give the path of one of them`);
    if (found.length === 0) refuse(whatElse(files));
    const listing = forms.length > 0 ? await batches(files, forms[0], refuse) : classFolders(images, refuse);
    const refused = collections.flatMap((collection) => collection.refused);
    return { ...listing, description: `CIFAR-10 in ${found[0]}`, refused, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

const whatElse = (files: readonly SourceFile[]): string =>
  files.length === 0 ? "it has no files" : `its ${files.length} files are others, as ${files[0].name}`;

type Images = Pick<Listing, "classes" | "images" | "byKind" | "read">;

/** Images named by their batch and place in it. */
async function batches(files: readonly SourceFile[], form: BatchForm, refuse: Refuse): Promise<Images> {
  const named = (base: string): SourceFile[] => files.filter(({ name }) => baseName(name) === base);
  const wanted = [...form.train, form.test].filter((base) => named(base).length > 0);
  const twice = wanted.find((base) => named(base).length > 1);
  if (twice !== undefined) refuse(`it has ${twice} more than once`);
  const missing = form.train.filter((base) => !wanted.includes(base));
  if (missing.length > 0 && missing.length < form.train.length) refuse(`${missing.join(", ")} is missing`);
  await checkNames(named(form.names), form, refuse);

  const sources = wanted.flatMap(named);
  const labels: ArrayLike<number>[] = [];
  for await (const { index, batch } of readBatches(sources, form)) labels[index] = batch.labels;

  const listed = wanted.flatMap((base, index) =>
    Array.from(labels[index], (label, place) => ({
      name: `${base.replace(".bin", "")}/${String(place).padStart(5, "0")}`,
      part: (base === form.test ? "test" : "train") as Part,
      label,
    })),
  );
  const starts = labels.map((_, index) => labels.slice(0, index).reduce((sum, { length }) => sum + length, 0));
  return {
    ...withSplits(listed),
    read: async function* (signal): AsyncGenerator<SourceContent> {
      for await (const { index, batch } of readBatches(sources, form, signal)) {
        if (batch.labels.length !== labels[index].length) refuse(`${sources[index].name} has changed meanwhile`);
        for (let place = 0; place < batch.labels.length; place++) {
          const pixels = batch.pixels.subarray(place * IMAGE_BYTES, (place + 1) * IMAGE_BYTES);
          yield { index: starts[index] + place, pixels, width: RESOLUTION, height: RESOLUTION };
        }
      }
    },
  };
}

async function* readBatches(files: readonly SourceFile[], form: BatchForm, signal?: AbortSignal) {
  for await (const { index, ...content } of readFiles(files, { largest: LARGEST_BATCH, signal })) {
    yield { index, batch: form.parse(bytesOf(content, files[index]), locationOf(files[index])) };
  }
}

const locationOf = ({ collection, name }: SourceFile): string => `${name} of ${collection.path}`;

function bytesOf(content: { bytes: Uint8Array } | { error: string }, file: SourceFile): Uint8Array {
  if ("bytes" in content) return content.bytes;
  throw new UserError("damaged", `Expected a batch of CIFAR-10 in ${locationOf(file)}, but ${content.error}.`);
}

/** CIFAR-100 and sets that were made like these have other classes. */
async function checkNames(files: readonly SourceFile[], form: BatchForm, refuse: Refuse): Promise<void> {
  for await (const { index, ...content } of readFiles(files, { largest: 2 ** 20 })) {
    const names = form.parseNames(bytesOf(content, files[index]), locationOf(files[index]));
    const same = Array.isArray(names) && names.length === cifar10Classes.length;
    if (!same || cifar10Classes.some((known, label) => names[label] !== known)) {
      refuse(`its classes are ${Array.isArray(names) ? names.slice(0, 20).map(shown).join(", ") : shown(names)}`);
    }
  }
}

/** Images in folders that are called as the classes are. */
function classFolders(files: readonly SourceFile[], refuse: Refuse): Images {
  const seen = new Set<string>();
  const listed = files.map(({ name, collection }) => {
    const label = classOf(name);
    if (label < 0) refuse(`${name} of ${collection.path} lies in no folder of a class`);
    const part =
      name
        .split("/")
        .slice(0, -2)
        .map(partNamed)
        .findLast((found) => found !== undefined) ?? "train";
    const official = `${part}/${cifar10Classes[label]}/${baseName(name)}`;
    if (seen.has(official)) refuse(`it has ${official} more than once`);
    seen.add(official);
    return { name: official, part, label };
  });
  return { ...withSplits(listed), byKind: true, read: (signal) => readImages(files, signal) };
}

function withSplits(listed: readonly { name: string; part: Part; label: number }[]) {
  const splits = officialSplits(listed);
  const images = listed.map(({ name, label }, index) => ({ name, label, ...splits[index] }));
  return { classes: [...cifar10Classes], images };
}

/** Where `strata fetch cifar10` puts it. */
function fetched(): string {
  const path = fetchedPath("cifar10");
  if (path !== undefined) return path;
  throw new UserError("not-found", "Expected CIFAR-10 in the cache, found none.", {
    advice: "Give its place: cifar10:PATH.",
    details: { download: "cifar10" },
  });
}

/** `cifar10` as it was fetched, or `cifar10:PATH`. */
export const cifar10: PathKind = {
  usages: ["cifar10", "cifar10:PATH"],
  list: cifar10Listing,
  recognises: ({ names }) => names.some(isCifar10Batch),
  defaultPath: fetched,
};
