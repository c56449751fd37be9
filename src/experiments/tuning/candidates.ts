/** @file The configurations that a search tries: every choice of the values that are listed, or some of them drawn. */
import { UserError } from "../../errors.js";
import { permutation, streamKey } from "../../random/index.js";

/** Settings that are tried together. */
export interface Candidate {
  /** Its number, from 1, with zeros before it: the name of its runs' folder. */
  name: string;
  /** `path=value` each, as `applySettings` takes them. */
  settings: string[];
}

/** More are no search any more. */
const MOST = 1000;

/**
 * The candidates of lists of values.
 *
 * @param tries - `path=value,value,…` each, as `objective.sigma=0.04,0.06`; commas within brackets part nothing
 * @param most - if there are more, so many of them are drawn by `seed`
 * @throws UserError for a list that is none, one named twice, or too many candidates
 */
export function candidatesOf(
  tries: readonly string[],
  { most, seed = 0 }: { most?: number; seed?: number } = {},
): Candidate[] {
  const lists = tries.map(parseTry);
  const twice = lists.find(({ path }, index) => lists.findIndex((other) => other.path === path) < index);
  if (twice) throw new UserError("invalid-options", `Expected each setting once, got ${twice.path} twice.`);
  const total = lists.reduce((product, { values }) => product * values.length, 1);
  if (total < 2)
    throw new UserError("invalid-options", "Expected at least two candidates: a setting with two values or more.");
  const count = Math.min(total, most ?? total);
  if (count > MOST)
    throw new UserError("invalid-options", `Expected at most ${MOST} candidates, got ${count}. Draw some of them.`);
  const numbers = Array.from({ length: total }, (_, number) => number);
  const chosen =
    count === total
      ? numbers
      : Array.from(permutation(streamKey(seed, "tuningCandidates"), total))
          .slice(0, count)
          .sort((a, b) => a - b);
  const digits = String(chosen.length).length;
  return chosen.map((number, index) => ({
    name: String(index + 1).padStart(digits, "0"),
    settings: settingsOf(lists, number),
  }));
}

interface Try {
  path: string;
  values: string[];
}

function parseTry(text: string): Try {
  const [, path, list] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  const values = list === undefined ? [] : splitList(list);
  if (path !== undefined && values.every((value) => value !== "") && new Set(values).size === values.length)
    return { path: path.trim(), values };
  throw new UserError(
    "invalid-options",
    `Expected a setting and different values for it, such as objective.sigma=0.04,0.06, got ${text}.`,
  );
}

/** Parts between commas that stand in no bracket. */
function splitList(text: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const letter of text) {
    if ("[{".includes(letter)) depth++;
    if ("]}".includes(letter)) depth--;
    if (letter === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += letter;
  }
  return parts.map((part) => part.trim());
}

/** The values of a candidate, whose number counts through all choices, the last list fastest. */
function settingsOf(lists: readonly Try[], number: number): string[] {
  let rest = number;
  const settings = lists.toReversed().map(({ path, values }) => {
    const setting = `${path}=${values[rest % values.length]}`;
    rest = Math.floor(rest / values.length);
    return setting;
  });
  return settings.reverse();
}
