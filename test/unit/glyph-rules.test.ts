/** @file The rules by which faces of fonts are chosen for the embedded glyphs, or left out: scripts/glyphs. */
import { expect, test } from "vitest";
import { designsOf } from "../../scripts/glyphs/designs.js";
import { chosenFaces } from "../../scripts/glyphs/fonts.js";
import { licencesText } from "../../scripts/glyphs/licences.js";
import { charactersRead, copied, type Face, faceInk, faint, indistinct } from "../../scripts/glyphs/rules.js";

const SIZE = 64 ** 2;

/** A face whose character i is a square of 8×8 pixels in place i of six by six; `moved` ones are in another's place. */
function face(
  family: string,
  { height = 8, moved = {} }: { height?: number; moved?: Record<number, number> } = {},
): Face {
  const masks = new Uint8Array(36 * SIZE);
  for (let character = 0; character < 36; character++) {
    const place = moved[character] ?? character;
    for (let y = 0; y < height; y++) {
      const from = character * SIZE + (10 * Math.floor(place / 6) + y) * 64 + 10 * (place % 6);
      masks.fill(15, from, from + 8);
    }
  }
  return { family, name: "400-normal", sha256: "", masks };
}

test("at most four faces of a family, those that differ most", () => {
  const weights = [300, 400, 500, 700, 900].flatMap((weight) => [`${weight}-italic`, `${weight}-normal`]);
  expect(chosenFaces(weights)).toEqual(["400-normal", "700-normal", "400-italic", "900-normal"]);
  expect(chosenFaces(["300-normal", "400-normal"])).toEqual(["400-normal", "300-normal"]);
  expect(chosenFaces(["500-normal", "600-normal"])).toEqual(["500-normal"]);
});

test("two characters that are one are found, and strokes that vanish", () => {
  expect(indistinct(face("a"))).toBeUndefined();
  expect(indistinct(face("a", { moved: { 26: 14 } }))).toBe("O and 0 are one");
  expect(faint(face("a"))).toBeUndefined();
  expect(faint(face("a", { height: 1 }))).toMatch(/^A has strokes of \d+ % at 32 pixels$/);
});

test("a character is read as the nearest of other families", () => {
  const faces = [face("a"), face("a"), face("b"), face("b", { moved: { 1: 35, 35: 1 } })];
  expect(charactersRead(faces)).toEqual([36, 36, 36, 34]);
  expect(charactersRead([face("a"), face("b", { moved: { 1: 35, 35: 1 } })])).toEqual([34, 34]);
});

test("copies are found, and families that all but coincide are one design", () => {
  const ink = faceInk(face("a"));
  expect(copied(ink, [{ name: "a/400-normal", ink }])).toBe("it is a copy of a/400-normal");
  const other = face("c", { moved: { 1: 35, 35: 1 } });
  expect(copied(faceInk(other), [{ name: "a/400-normal", ink }])).toBeUndefined();
  expect([...designsOf([face("b"), other, face("a")])]).toEqual([
    ["b", "a"],
    ["c", "c"],
    ["a", "a"],
  ]);
});

test("the text of a licence stands once, every copyright for itself", () => {
  const family = (name: string, licenceText: string) => ({ name, version: "1.0.0", licence: "OFL-1.1", licenceText });
  const text = "SIL OPEN FONT LICENSE Version 1.1\n\nPREAMBLE";
  const all = licencesText([family("a", `Copyright A\n\n${text}\n`), family("b", `Copyright B\n${text}`)]);
  expect(all).toContain(
    "@fontsource/a 1.0.0: OFL-1.1, text 1\nCopyright A\n\n@fontsource/b 1.0.0: OFL-1.1, text 1\nCopyright B",
  );
  expect(all.split("PREAMBLE").length).toBe(2);
});
