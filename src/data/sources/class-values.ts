/** @file Classes of labels that come as values beside the images: numbers, words, or numbers that a file has names for. */
import { UserError } from "../../errors.js";
import { type Labelling, MOST_CLASSES, normalised } from "./labels.js";

/** A label as a table, a JSON file or an array has it; undefined where there is none. */
export type LabelValue = string | number | bigint | boolean | undefined;

/**
 * Classes by values. Whole numbers name their classes, 0 up to the largest; a negative one says that there is no label, as of
 * test images. Words are sorted by name, like folders. Where there are names, numbers are places among them.
 *
 * @param names - of the classes, where the file has them
 * @param where - the labels, for messages: "column label of train.parquet"
 * @returns no classes where fewer than two are there
 * @throws UserError for labels that can be no classes
 */
export function labelsByValues(values: readonly LabelValue[], where: string, names?: readonly string[]): Labelling {
  const refuse = (problem: string): never => {
    throw new UserError(
      "unsupported-format",
      `Expected classes in ${where}, whole numbers or names, but ${problem}. Name another one with \`labelColumn\` or \`labelKey\`, or "none".`,
    );
  };
  const none = { classes: [], labels: values.map(() => undefined) };
  const present = values.filter((value) => value !== undefined && value !== "");
  if (present.length === 0) return none;
  const numbers = present.every(isWhole)
    ? values.map((value) => (value === undefined || value === "" ? -1 : Number(value)))
    : undefined;
  if (numbers !== undefined) {
    const most = numbers.reduce((largest, each) => Math.max(largest, each), -1);
    if (most >= MOST_CLASSES) refuse(`one is ${most}; at most ${MOST_CLASSES} classes are read`);
    if (names !== undefined && most >= names.length) refuse(`one is ${most}, and there are names for ${names.length}`);
    const classes = names ? [...names] : Array.from({ length: most + 1 }, (_, label) => `${label}`);
    if (classes.length < 2) return none;
    return { classes, labels: numbers.map((label) => (label < 0 ? undefined : label)) };
  }
  const wrong = present.find((value) => typeof value === "number");
  if (wrong !== undefined) refuse(`one is ${wrong}`);
  const words = values.map((value) => (value === undefined || value === "" ? undefined : normalised(`${value}`)));
  const classes = [...new Set(words.filter((word) => word !== undefined))].sort();
  if (classes.length > MOST_CLASSES)
    refuse(`they have ${classes.length} different values; at most ${MOST_CLASSES} are read`);
  if (classes.length < 2) return none;
  const index = new Map(classes.map((name, label) => [name, label]));
  return { classes, labels: words.map((word) => (word === undefined ? undefined : index.get(word))) };
}

/** Whether a value is a whole number, or spells one. */
const isWhole = (value: LabelValue): boolean =>
  typeof value === "bigint" || Number.isSafeInteger(value) || (typeof value === "string" && /^-?\d{1,9}$/.test(value));
