import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { resizePixels } from "../decoding/resize.js";
import { splits } from "../image-set.js";
import { between, type Colouring, colourGlyph, colouringOf, palette, STEPS } from "./glyph-colours.js";
import { CELL, characters, glyphFile, LEVELS, manifestBytes, openSheets, readManifest } from "./glyph-sheets.js";
import { glyphSource, glyphs } from "./glyphs.js";

const manifest = readManifest();
const { images, classes, read } = await glyphSource().list();
const partsOf = (name: string) => name.split("/") as [family: string, face: string, character: string];

test("there are 25,000 pictures or more of 36 classes, as many of each, in every split", () => {
  expect(classes).toEqual([..."ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"]);
  expect(images.length).toBeGreaterThanOrEqual(25_000);
  for (const split of splits) {
    const members = images.filter((image) => image.split === split);
    const counts = new Array(classes.length).fill(0);
    for (const { label } of members) counts[label!]++;
    expect(new Set(counts).size, split).toBe(1);
    if (split !== "train") expect(members.length / images.length).toBeCloseTo(0.05, 1);
  }
  expect(images.filter(({ name, label }) => classes[label!] !== partsOf(name)[2])).toEqual([]);
});

test("no design has faces in two splits", () => {
  const designs = new Map(manifest.families.map(({ name, design }) => [name, design]));
  const found = new Map<string, Set<string>>();
  for (const { name, split } of images) {
    const design = designs.get(partsOf(name)[0])!;
    found.set(design, (found.get(design) ?? new Set()).add(split));
  }
  expect([...found].filter(([, sides]) => sides.size > 1)).toEqual([]);
  expect(found.size).toBeGreaterThan(300);
});

test("the set is small, is the one of the manifest, and has every licence", () => {
  const archive = readFileSync(glyphFile("glyphs.zip"));
  expect(archive.length).toBeLessThan(10e6);
  expect(manifest.archive).toEqual({
    bytes: archive.length,
    sha256: createHash("sha256").update(archive).digest("hex"),
  });
  expect(statSync(glyphFile("manifest.json")).size + statSync(glyphFile("LICENSES.txt")).size).toBeLessThan(1e6);
  const licences = readFileSync(glyphFile("LICENSES.txt"), "utf8");
  for (const { name, version, licence } of manifest.families) {
    expect(["OFL-1.1", "Apache-2.0"]).toContain(licence);
    expect(licences).toContain(`\n@fontsource/${name} ${version}: ${licence}, text `);
  }
  expect(licences).toMatch(/SIL OPEN FONT LICENSE Version 1\.1/);
  expect(licences).toMatch(/Apache License\s+Version 2\.0/);
});

test("fonts are drawn from the versions that the script installs", () => {
  const place = new URL("../../../scripts/glyphs/package.json", import.meta.url);
  const { dependencies } = JSON.parse(readFileSync(place, "utf8"));
  for (const { name, version } of manifest.families) expect(dependencies[`@fontsource/${name}`], name).toBe(version);
});

/** Relative luminance (WCAG 2.2). */
function luminance(colour: readonly number[]): number {
  const linear = colour.map((byte) => (byte <= 10 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
}

/** Luminances all along the gradients between colours of a palette that are two hues apart, and of the colours themselves. */
const luminances = (colours: typeof palette.dark) =>
  colours.flatMap((from, hue) =>
    Array.from({ length: STEPS + 1 }, (_, step) =>
      luminance(from.map((byte, channel) => between(byte, colours[(hue + 2) % 12][channel], step, STEPS))),
    ),
  );

test("ink and paper have a contrast of at least 4.5, also where both are gradients", () => {
  const [dark, light] = [Math.max(...luminances(palette.dark)), Math.min(...luminances(palette.light))];
  expect((light + 0.05) / (dark + 0.05)).toBeGreaterThanOrEqual(4.5);
});

test("dark and light papers, hues and gradients are balanced", () => {
  const colourings = images.map(({ name }) => colouringOf(name));
  const share = (is: (colouring: Colouring) => boolean) => colourings.filter(is).length / colourings.length;
  expect(share(({ paper }) => palette.dark.includes(paper[0]))).toBeCloseTo(1 / 2, 1);
  expect(share(({ paper }) => paper[0] !== paper[1])).toBeCloseTo(1 / 2, 1);
  expect(share(({ ink }) => ink[0] !== ink[1])).toBeCloseTo(1 / 4, 1);
  for (const hue of palette.dark.keys()) {
    const has = (tone: Colouring["ink"]) => tone[0] === palette.dark[hue] || tone[0] === palette.light[hue];
    expect(share(({ paper }) => has(paper))).toBeCloseTo(1 / 12, 1.7);
    expect(share(({ ink }) => has(ink))).toBeCloseTo(1 / 12, 1.7);
  }
});

test("a pixel is ink as far as it is covered, along a gradient from one end to the other", () => {
  const colouring: Colouring = { paper: [[0, 0, 0], [126, 0, 252]], ink: [[255, 255, 255], [255, 255, 255]], direction: 0 }; // biome-ignore format: one colouring
  const mask = new Uint8Array(CELL ** 2);
  mask.set([0, 15, 5], CELL);
  const pixels = colourGlyph(mask, colouring);
  const at = (row: number, column: number) => [0, 1, 2].map((c) => pixels[c * CELL ** 2 + row * CELL + column]);
  expect([at(1, 0), at(1, 1), at(1, 2), at(1, 63), at(9, 31)]).toEqual([
    [0, 0, 0],
    [255, 255, 255],
    [88, 85, 90],
    [126, 0, 252],
    [62, 0, 124],
  ]);
  const down = colourGlyph(mask, { ...colouring, direction: 6 });
  expect([down[0], down[63 * CELL]]).toEqual([0, 126]);
});

test("masks touch no edge of their cell, and no character is empty", async () => {
  await using sheets = await openSheets(manifest);
  for (const family of manifest.families.slice(0, 3)) {
    const masks = await sheets.read(family);
    expect(masks.length).toBe(family.faces.length * characters.length * CELL ** 2);
    for (let from = 0; from < masks.length; from += CELL ** 2) {
      const mask = masks.subarray(from, from + CELL ** 2);
      const edges = mask.filter((_, place) => [0, CELL - 1].some((e) => place % CELL === e || place >> 6 === e));
      expect([Math.max(...edges), Math.max(...mask) > LEVELS / 2]).toEqual([0, true]);
    }
  }
});

test("pictures are the same on every machine; at 32×32 they are averages of four pixels", async () => {
  const hash = createHash("sha256");
  let count = 0;
  for await (const record of read()) {
    if (!("pixels" in record)) throw new Error("Expected pixels.");
    hash.update(record.pixels);
    if (count === 100) {
      const half = resizePixels(record.pixels, CELL, CELL, 32);
      const { pixels } = record;
      const four = (x: number, y: number) => pixels[y * CELL + x] + pixels[y * CELL + x + 1] + pixels[(y + 1) * CELL + x] + pixels[(y + 1) * CELL + x + 1]; // biome-ignore format: four pixels
      const off = half.subarray(0, 32 ** 2).map((value, place) => {
        return Math.abs(value - four(2 * (place % 32), 2 * Math.floor(place / 32)) / 4) > 1 ? 1 : 0;
      });
      expect(off.includes(1)).toBe(false);
    }
    if (++count === 720) break;
  }
  expect(hash.digest("hex")).toBe("362c4546d89707f00e03abc9f2079ec6281054d7aabe1ada32e0f2efa36ccaeb");
});

test("the fingerprint is that of the manifest, and mirrors are declared to spoil the set", async () => {
  const source = glyphSource();
  expect(source.mirrorable).toBe(false);
  expect(await source.fingerprint()).toBe(createHash("sha256").update(manifestBytes()).digest("hex"));
});

test("glyphs:64 asks for that resolution", () => {
  expect(glyphs.source("64", 64)?.ids).toEqual(["glyphs"]);
  expect(glyphs.source("large", 64)).toBeUndefined();
  expect(() => glyphs.source("64", 32)).toThrow(/glyphs:64 asks for images of 64×64, but the model takes 32×32/);
});
