/** @file Which class a word means: by name, by what looks like a name, or by number. */
import { nearest } from "../../config/index.js";
import { type ErrorCode, UserError } from "../../errors.js";
import type { TrainedModel } from "../trained-model.js";

/** A class, and what is to be said where a word did not name it exactly. */
export interface FoundClass {
  /** Index into the model's classes. */
  label: number;
  notice?: string;
}

/** How many candidates an error names. */
const NAMED = 10;

/**
 * The class that a word means. `name:WORD` is a name and `index:N` a number, from 0; a bare word is, in this order,
 *
 * 1. the name of a class (compared in NFC: accents may be encoded either way);
 * 2. a number, unless all classes have numbers for names, which alone then count: of 1, 10 and 2, "0" is none;
 * 3. a name but for case, then the beginning of one, if it is that of no other.
 *
 * @throws UserError when the model has no classes, or the word means none of them, or several
 */
export function findClass(word: string, { config, data }: Pick<TrainedModel, "config" | "data">): FoundClass {
  const { classes: count } = config.model;
  if (count === 0) {
    throw new UserError(
      "missing-classes",
      `\`label: "${word}"\`: this model was trained without classes. Leave the label out.`,
    );
  }
  const names = data.classes.slice(0, count).map(normalised);
  const refuse = (problem: string, code: ErrorCode = "unknown-name"): never => {
    throw new UserError(code, `\`label: "${word}"\`: ${problem}`);
  };
  const wanted = normalised(word);
  const exact = names.indexOf(wanted);
  const isNumber = /^\d+$/.test(wanted);
  if (exact >= 0) {
    const other = isNumber ? Number(wanted) : exact;
    const isOther = other !== exact && other < count;
    const notice = `\`label: "${word}"\`: the class called ${word} (index:${exact}), not that of index ${word} (${names[other]}), which is index:${word}.`;
    return { label: exact, ...(isOther ? { notice } : {}) };
  }
  const [, how, rest] = /^(name|index):(.*)$/s.exec(wanted) ?? [];
  if (how === "index") {
    if (/^\d+$/.test(rest) && Number(rest) < count) return { label: Number(rest) };
    return refuse(`expected an index from 0 to ${count - 1}.`);
  }
  const numbered = names.length > 0 && names.every((name) => /^\d+$/.test(name));
  if (isNumber && how === undefined && !numbered && Number(wanted) < count) {
    const name = names[Number(wanted)];
    return {
      label: Number(wanted),
      ...(name === undefined ? {} : { notice: `\`label: "${word}"\`: index ${word}, the class ${name}.` }),
    };
  }
  if (isNumber && numbered) {
    const byIndex =
      Number(wanted) < count ? ` For the class of that index, ${names[Number(wanted)]}, give index:${wanted}.` : "";
    return refuse(`no class is called that. The classes have numbers for names: ${list(names)}.${byIndex}`);
  }
  return byLikeness(how === undefined ? wanted : rest, names, { word, refuse, count });
}

/** The only class whose name is the word but for case, else the only one that begins with it. */
function byLikeness(
  wanted: string,
  names: readonly string[],
  { word, refuse, count }: { word: string; refuse: (problem: string, code?: ErrorCode) => never; count: number },
): FoundClass {
  const folded = names.map(withoutCase);
  const exact = names.indexOf(wanted);
  if (exact >= 0) return { label: exact };
  const tests = [
    (name: string) => name === withoutCase(wanted),
    (name: string) => name.startsWith(withoutCase(wanted)),
  ];
  for (const test of wanted === "" ? [] : tests) {
    const found = folded.flatMap((name, label) => (test(name) ? [label] : []));
    if (found.length === 1) return { label: found[0], notice: `\`label: "${word}"\`: the class ${names[found[0]]}.` };
    if (found.length > 1)
      return refuse(`several classes fit: ${list(found.map((label) => names[label]))}. Give one of them.`, "ambiguous");
  }
  const near = names.length > 0 ? `; the nearest names are ${nearest(wanted, [...names]).join(", ")}` : "";
  return refuse(`expected a class of this model, 0 to ${count - 1}, all or none${near}.`);
}

const normalised = (name: string): string => name.normalize("NFC");
const withoutCase = (name: string): string => name.toLowerCase();

const list = (names: readonly string[]): string =>
  `${names.slice(0, NAMED).join(", ")}${names.length > NAMED ? `, and ${names.length - NAMED} more` : ""}`;
