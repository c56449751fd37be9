import { expect, test } from "vitest";
import { resolvePreset } from "../../config/index.js";
import { UserError } from "../../errors.js";
import { findClass } from "./class-label.js";

/** A model of these classes. */
function model(names: string[], classes = names.length) {
  const config = resolvePreset("emoji32-small");
  const data = { name: "folder:set", count: 30, classes: names, classCounts: names.map(() => 10) };
  return { config: { ...config, model: { ...config.model, classes } }, data };
}

const pets = model(["cats", "dogs", "Smileys & Emotion", "smile", "2"]);
const numbers = model(["1", "10", "2"]);
const [nfc, nfd] = ["\u00e9t\u00e9", "e\u0301te\u0301"];

test.each<[string, ReturnType<typeof model>, number, string | undefined]>([
  ["dogs", pets, 1, undefined],
  ["DOGS", pets, 1, '`label: "DOGS"`: the class dogs.'],
  ["smileys", pets, 2, '`label: "smileys"`: the class Smileys & Emotion.'],
  ["smile", pets, 3, undefined], // a name before what begins with it
  ["SMILE", pets, 3, '`label: "SMILE"`: the class smile.'],
  ["0", pets, 0, '`label: "0"`: index 0, the class cats.'],
  [
    "2",
    pets,
    4,
    '`label: "2"`: the class called 2 (index:4), not that of index 2 (Smileys & Emotion), which is index:2.',
  ],
  ["index:2", pets, 2, undefined],
  ["name:2", pets, 4, undefined],
  ["name:dog", pets, 1, '`label: "name:dog"`: the class dogs.'],
  ["1", numbers, 0, '`label: "1"`: the class called 1 (index:0), not that of index 1 (10), which is index:1.'],
  ["10", numbers, 1, undefined],
  ["index:0", numbers, 0, undefined],
  ["1", model(["0", "1"]), 1, undefined],
  ["1", model([], 3), 1, undefined], // a run that does not know names
  [nfd, model(["a", nfc]), 1, undefined],
  [nfc, model(["a", nfd]), 1, undefined],
  ["index:9", model(["index:9", "b"]), 0, undefined],
])("%s is a class", (word, of, label, notice) => {
  expect(findClass(word, of)).toEqual(notice === undefined ? { label } : { label, notice });
});

test.each<[string, ReturnType<typeof model>, string]>([
  ["s", pets, '`label: "s"`: several classes fit: Smileys & Emotion, smile. Give one of them.'],
  ["birds", pets, '`label: "birds"`: expected a class of this model, 0 to 4, all or none; the nearest names are '],
  ["5", pets, '`label: "5"`: expected a class of this model, 0 to 4'],
  ["", pets, "expected a class of this model"],
  ["index:5", pets, '`label: "index:5"`: expected an index from 0 to 4.'],
  ["index:cats", pets, "expected an index from 0 to 4."],
  [
    "0",
    numbers,
    '`label: "0"`: no class is called that. The classes have numbers for names: 1, 10, 2. For the class of that index, 1, give index:0.',
  ],
  ["7", numbers, "The classes have numbers for names: 1, 10, 2."],
  ["CATS", model(["Cats", "cAts"]), "several classes fit: Cats, cAts"],
  ["cats", model([]), "trained without classes"],
])("%s is no class, and why is said", (word, of, message) => {
  expect(() => findClass(word, of)).toThrow(UserError);
  expect(() => findClass(word, of)).toThrow(message);
});
