/**
 * @file The embedded data set: Microsoft's Fluent emoji (MIT), 256×256 drawings from the npm package, with Unicode's nine
 * groups as labels.
 *
 * Every drawing is taken as it is, and one variant with a skin tone beside it where there are some: all of them would make
 * 1,881 of 3,391 images people that differ in nothing else. Which tone is chosen depends on the code points alone, so all
 * tones occur. Variants of a drawing share its base code points, and fall on the same side of a split. That leaves 2,159
 * images: people 31 %, objects, flags, places and symbols 10 to 12 % each, faces 8 %, animals 7 %, food 6 %, activities 4 %.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { splitByKey } from "../split.js";
import { embedded } from "./embedded.js";
import type { Source, SourceImage } from "./source.js";

const SKIN_TONES = new Set(["1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff"]);
/** Asks for an emoji to be drawn in colour, and ends the tags of a flag: some file names have them, some do not. */
const OPTIONAL = new Set(["fe0f", "e007f"]);

export const emojiGroups = [
  "Smileys & Emotion",
  "People & Body",
  "Animals & Nature",
  "Food & Drink",
  "Travel & Places",
  "Activities",
  "Objects",
  "Symbols",
  "Flags",
];

const withoutOptional = (codes: readonly string[]) => codes.filter((code) => !OPTIONAL.has(code));

/** Code points of a file's emoji: `0023-fe0f-20e3.webp` and `1f3f4-e0067_e0062_….webp` alike. */
const codesOf = (file: string): string[] =>
  withoutOptional(file.replace(/\.webp$/, "").split(/[-_]/)).map((code) => code.replace(/^0+/, ""));

const baseOf = (codes: readonly string[]): string => codes.filter((code) => !SKIN_TONES.has(code)).join("-");

/** Index into `emojiGroups` by base code points. */
function groupsByCode(): Map<string, number> {
  const require = createRequire(import.meta.url);
  const data = require("unicode-emoji-json/data-by-emoji.json") as Record<string, { group: string }>;
  return new Map(
    Object.entries(data).map(([emoji, { group }]) => {
      const codes = withoutOptional([...emoji].map((character) => character.codePointAt(0)!.toString(16)));
      return [codes.join("-"), emojiGroups.indexOf(group)];
    }),
  );
}

/** The variants of one drawing that are used: the plain one, and one with a skin tone. */
function chosenVariants(base: string, files: readonly string[]): string[] {
  const isPlain = (file: string) => codesOf(file).join("-") === base;
  const plain = files.filter(isPlain).slice(0, 1); // some drawings have two files, with and without the selector
  const toned = files.filter((file) => !isPlain(file));
  if (toned.length === 0) return plain;
  return [...plain, toned[createHash("sha256").update(base).digest()[0] % toned.length]];
}

/** The emoji of all splits, in a fixed order, each with its group. */
function emojiImages(names: readonly string[]): SourceImage[] {
  const groups = groupsByCode();
  const variants = new Map<string, string[]>();
  for (const file of names) {
    const base = baseOf(codesOf(file));
    variants.set(base, [...(variants.get(base) ?? []), file]);
  }
  const known = [...variants].filter(([base]) => groups.has(base));
  const splits = splitByKey(known.map(([base]) => base));
  return known.flatMap(([base, files]) =>
    chosenVariants(base, files).map((name) => ({ name, split: splits.get(base)!, label: groups.get(base)! })),
  );
}

/** The embedded data set. */
export function emojiSource(): Source {
  const require = createRequire(import.meta.url);
  const manifest = require.resolve("@lobehub/fluent-emoji-3d/package.json");
  const folder = join(dirname(manifest), "assets");
  return {
    ids: ["emoji"],
    fingerprint: async () => createHash("sha256").update(readFileSync(manifest)).digest("hex"),
    list: async () => {
      const images = emojiImages(readdirSync(folder).sort());
      return {
        id: "emoji",
        description: "the embedded emoji",
        classes: emojiGroups,
        images,
        refused: [],
        async *read() {
          for (const [index, { name }] of images.entries())
            yield { index, encoded: await readFile(join(folder, name)) };
        },
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

/** `emoji`, or `emoji:64`. */
export const emoji = embedded("emoji", emojiSource);
