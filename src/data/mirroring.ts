/** @file Which images a mirror spoils, as far as the names of their classes tell. */

/** Characters that look the same in a mirror. */
const SYMMETRIC = new Set("AHIMOTUVWXYilovwx08");

/** With fewer classes of a letter or digit, names like "a" and "b" more likely stand for anything. */
const LEAST_CHARACTERS = 3;

const isChiral = (name: string): boolean => /^[A-Za-z0-9]$/.test(name) && !SYMMETRIC.has(name);

const hasWord = (name: string, word: string): boolean =>
  name
    .toLowerCase()
    .split(/[^a-z]+/)
    .includes(word);

/**
 * The classes that may read differently in a mirror: letters and digits that are not symmetric, where there are three of them
 * at least, and, where both occur, names with the words "left" and "right".
 */
export function chiralClasses(classes: readonly string[]): string[] {
  const characters = classes.filter(isChiral);
  const [left, right] = ["left", "right"].map((word) => classes.filter((name) => hasWord(name, word)));
  const sides = left.length > 0 && right.length > 0 ? [...left, ...right] : [];
  return [...new Set([...(characters.length >= LEAST_CHARACTERS ? characters : []), ...sides])];
}
