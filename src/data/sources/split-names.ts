/** @file Folders that divide a set by their names: `train` and `test`, `seg_train` and `seg_test`, `train2017` and `val2017`. */
import type { Split } from "../image-set.js";

/** What a folder of a divided set holds. Images without labels are nothing to learn from where others have some. */
export type Part = Split | "unlabelled";

/** The words that say so. */
const words: Record<Part, readonly string[]> = {
  train: "train training trn tr trainset trainingset trainval labeled labelled".split(" "),
  validation: "validation val valid validate valset dev devel development eval evaluation".split(" "),
  test: "test testing tst ts te testset holdout heldout".split(" "),
  unlabelled: "unlabeled unlabelled unsup unsupervised pred predict prediction".split(" "),
};
const partOfWord = new Map(
  Object.entries(words).flatMap(([part, list]) => list.map((word) => [word, part as Part] as const)),
);

/** Words that say nothing of what is in a folder. */
const plain = new Set(
  "image images img imgs picture pictures pic pics photo photos jpg jpeg png data dataset set split folder dir file files input inputs hr lr all unknown".split(
    " ",
  ),
);

/** Names of held-out folders that are hardly ever those of a class. */
const unmistakable = new Set("test testing validation val unlabeled unlabelled".split(" "));

/** The words of a name in small letters: "DIV2K_trainHR" has div, 2, k, train and hr. */
const wordsOf = (name: string): string[] =>
  name
    .replace(/(\p{Ll})(?=\p{Lu})/gu, "$1 ")
    .toLowerCase()
    .match(/\p{L}\p{M}*(?:\p{L}|\p{M})*|\d+/gu) ?? [];

/** Abbreviations that are codes of languages too: they count where all folders are parts. */
const weak = new Set(["tr", "ts", "te"]);

/** What a folder holds, by its name, and the rest of that name. */
interface Reading {
  part: Part;
  /** The other words: folders of one set share them. Numbers and single letters are left out. */
  stem: string;
  /** Whether nothing but an abbreviation of two letters says so. */
  weak: boolean;
}

function readingOf(name: string): Reading | undefined {
  const all = wordsOf(name);
  const parts = new Set(all.flatMap((word) => partOfWord.get(word) ?? []));
  const part = parts.has("unlabelled")
    ? "unlabelled"
    : parts.size === 1
      ? [...parts][0]
      : parts.size === 2 && parts.has("train") && parts.has("validation")
        ? "train" // "trainval": what is left of it when test images are taken away
        : undefined;
  if (part === undefined) return undefined;
  const others = all.filter((word) => !partOfWord.has(word) && !plain.has(word) && !/^(\d+|\p{L})$/u.test(word));
  return { part, stem: others.join(" "), weak: all.every((word) => !partOfWord.has(word) || weak.has(word)) };
}

/** The part of a folder whose whole name says so. */
export const partNamed = (folder: string | undefined): Part | undefined => partOfWord.get(folder?.toLowerCase() ?? "");

/** What a folder holds, by any word of its name. */
export const partSuggested = (folder: string): Part | undefined => readingOf(folder)?.part;

/** Whether a name says nothing of what is in a folder: `images`, `unknown`, `test`. */
export const saysNothing = (folder: string): boolean => {
  const all = wordsOf(folder);
  return all.length > 0 && all.every((word) => plain.has(word) || partOfWord.has(word));
};

/**
 * The parts that folders beside one another divide a set into: they are called alike but for the word that says which part
 * each is, and at least two parts are there. Other folders may lie beside training images and another part; they hold
 * neither. Otherwise, where folders called `test`, `validation` or `unlabeled` lie beside several others, the others are
 * classes to train on (`classesBeside`).
 *
 * @returns undefined where the names do not say so: `train` and `tram` are vehicles
 */
export function partsOf(folders: readonly string[]): { parts: Map<string, Part>; classesBeside: boolean } | undefined {
  const readings = folders.flatMap((folder) => {
    const reading = readingOf(folder);
    return reading ? [{ folder, ...reading }] : [];
  });
  const stems = [...new Set(readings.map(({ stem }) => stem))].sort();
  for (const stem of stems) {
    const named = readings.filter((reading) => reading.stem === stem);
    const whole = named.length === folders.length;
    const alike = whole ? named : named.filter((reading) => !reading.weak);
    const kinds = new Set(alike.map(({ part }) => part));
    const onlyTrain = whole && alike.every(({ folder }) => partNamed(folder) === "train");
    if (onlyTrain || (kinds.size >= 2 && (whole || kinds.has("train")))) {
      return { parts: new Map(alike.map(({ folder, part }) => [folder, part])), classesBeside: false };
    }
  }
  const held = folders.filter((folder) => unmistakable.has(folder.toLowerCase()));
  const others = folders.filter((folder) => !unmistakable.has(folder.toLowerCase()));
  if (held.length === 0 || others.length < 2 || others.some((folder) => readingOf(folder)?.part === "train")) {
    return undefined;
  }
  return { parts: new Map(held.map((folder) => [folder, partNamed(folder)!])), classesBeside: true };
}

/** As `partsOf`, where the user says that folders are parts: every one whose name has a word for it. */
export const partsOfAny = (folders: readonly string[]): Map<string, Part> =>
  new Map(folders.flatMap((folder) => (readingOf(folder) ? [[folder, readingOf(folder)!.part] as const] : [])));
