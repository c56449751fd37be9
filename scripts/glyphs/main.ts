/**
 * @file Draws the embedded data set `glyphs`: `npm ci --prefix scripts/glyphs`, then `node --import tsx scripts/glyphs/main.ts`
 * writes `datasets/glyphs` and prints what it left out, and why.
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { zipSync } from "fflate";
import sharp from "sharp";
import { CELL, characters, type GlyphManifest, GREY_STEP, glyphFile } from "../../src/data/sources/glyph-sheets.js";
import { designsOf } from "./designs.js";
import { type Family, familyNames, readFamily } from "./fonts.js";
import { licencesText } from "./licences.js";
import { drawFace } from "./masks.js";
import { cannotBeTold, charactersRead, copied, type Face, faceInk, faint, type Ink, indistinct } from "./rules.js";

/** A time for the archive's entries, so that the same pictures make the same bytes. */
const TIME = new Date(1980, 0, 1);

let left = 0;
/** Says that a face or a family is left out. */
function leaveOut(name: string, why: string): void {
  left++;
  console.log(`left out ${name}: ${why}`);
}

/** All faces that can be drawn. */
async function drawAll(families: readonly Family[]): Promise<Face[]> {
  const faces: Face[] = [];
  for (const { name: family, faces: files } of families) {
    for (const { name, bytes, sha256 } of files) {
      const masks = await drawFace(bytes).catch((error: Error) => `it cannot be read (${error.message})`);
      if (typeof masks === "string") leaveOut(`${family}/${name}`, masks);
      else faces.push({ family, name, sha256, masks });
    }
  }
  return faces;
}

/** The faces that every rule keeps, in their order. */
function kept(faces: readonly Face[]): Face[] {
  const legible = faces.filter((face) => {
    const why = indistinct(face) ?? faint(face);
    if (why) leaveOut(`${face.family}/${face.name}`, why);
    return !why;
  });
  const read = charactersRead(legible);
  const known: { name: string; ink: Ink }[] = [];
  return legible.filter((face, index) => {
    const name = `${face.family}/${face.name}`;
    const ink = faceInk(face);
    const why = cannotBeTold(read[index]) ?? copied(ink, known);
    if (why) leaveOut(name, why);
    else known.push({ name, ink });
    return !why;
  });
}

/** The faces of a family below one another, as a lossless WebP. */
function sheet(faces: readonly Face[]): Promise<Buffer> {
  const [width, height] = [characters.length * CELL, faces.length * CELL];
  const pixels = new Uint8Array(width * height);
  for (const [index, { masks }] of faces.entries()) {
    for (let place = 0; place < masks.length; place++) {
      const [column, row, cell] = [place % CELL, Math.floor(place / CELL) % CELL, Math.floor(place / CELL ** 2)];
      pixels[(index * CELL + row) * width + cell * CELL + column] = GREY_STEP * masks[place];
    }
  }
  const raw = { width, height, channels: 1 } as const;
  return sharp(pixels, { raw }).webp({ lossless: true, effort: 6 }).toBuffer();
}

const families = familyNames().flatMap((name) => {
  const family = readFamily(name);
  if (typeof family !== "string") return family;
  leaveOut(name, family);
  return [];
});
const faces = kept(await drawAll(families));
const designs = designsOf(faces);
const facesOf = (family: string) => faces.filter((face) => face.family === family);
const used = families.filter(({ name }) => designs.has(name));

const sheets = await Promise.all(used.map(async ({ name }) => [`${name}.webp`, await sheet(facesOf(name))] as const));
const archive = zipSync(Object.fromEntries(sheets), { level: 0, mtime: TIME });
const manifest: GlyphManifest = {
  characters: characters.join(""),
  archive: { bytes: archive.length, sha256: createHash("sha256").update(archive).digest("hex") },
  families: used.map(({ name, version, licence }) => {
    const drawn = facesOf(name).map(({ name, sha256 }) => ({ name, sha256 }));
    return { name, version, licence, design: designs.get(name)!, faces: drawn };
  }),
};
const { families: entries, ...head } = manifest;
const lines = entries.map((entry) => `    ${JSON.stringify(entry)}`).join(",\n");
const text = `${JSON.stringify(head, null, 2).replace(/\n}$/, "")},\n  "families": [\n${lines}\n  ]\n}\n`;

mkdirSync(glyphFile("."), { recursive: true });
writeFileSync(glyphFile("glyphs.zip"), archive);
writeFileSync(glyphFile("manifest.json"), text);
writeFileSync(glyphFile("LICENSES.txt"), licencesText(used));
const distinct = new Set(designs.values()).size;
console.log(
  `${left} left out; ${faces.length} faces of ${used.length} families and ${distinct} designs: ` +
    `${faces.length * characters.length} pictures, ${archive.length} bytes.`,
);
