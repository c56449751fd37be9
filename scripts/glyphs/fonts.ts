/** @file The fonts that are installed beside this script: their families, the faces of each that are drawn, and their licences. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const installed = (path: string): string => fileURLToPath(new URL(`node_modules/@fontsource/${path}`, import.meta.url));

/** Licences under which a font may be drawn and its pictures handed on; others are dropped. */
const LICENCES: Readonly<Record<string, RegExp>> = {
  "OFL-1.1": /SIL OPEN FONT LICENSE\s+Version 1\.1/i,
  "Apache-2.0": /Apache License\s+Version 2\.0/i,
};

/** A weight and a style of a family, as a file. */
interface FaceFile {
  /** "400-italic" */
  name: string;
  bytes: Buffer;
  sha256: string;
}

export interface Family {
  /** Of its package, without the scope: "ibm-plex-sans". */
  name: string;
  version: string;
  licence: string;
  /** The package's own text of the licence, with its copyright. */
  licenceText: string;
  faces: FaceFile[];
}

/** Every installed family, by name. */
export const familyNames = (): string[] => readdirSync(installed("")).sort();

/** Faces that are drawn of one family, at most: those that differ most from one another. */
const FACES = 4;

/** In this order: upright, bold, italic, then the extremes. Thinner than 300, strokes vanish at 32 pixels. */
const WANTED = ["400-normal", "700-normal", "400-italic", "900-normal", "300-normal", "700-italic"];

/** The names of the faces to draw, of those that there are; of a family without any that is wanted, the first. */
export function chosenFaces(available: readonly string[]): string[] {
  const chosen = WANTED.filter((name) => available.includes(name)).slice(0, FACES);
  return chosen.length > 0 ? chosen : available.slice(0, 1);
}

/**
 * A family with the faces to draw.
 *
 * @returns why it cannot be used, instead
 */
export function readFamily(name: string): Family | string {
  const { version, license } = JSON.parse(readFileSync(installed(`${name}/package.json`), "utf8"));
  const place = installed(`${name}/LICENSE`);
  const licenceText = existsSync(place) ? readFileSync(place, "utf8") : "";
  if (!LICENCES[license]?.test(licenceText))
    return `its licence (${license}) is none of the expected, or its text is not there`;
  const pattern = new RegExp(`^${name}-latin-(\\d+-\\w+)\\.woff$`);
  const available = readdirSync(installed(`${name}/files`)).flatMap((file) => pattern.exec(file)?.[1] ?? []);
  const faces = chosenFaces(available.sort()).map((face) => {
    const bytes = readFileSync(installed(`${name}/files/${name}-latin-${face}.woff`));
    return { name: face, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
  });
  return faces.length > 0 ? { name, version, licence: license, licenceText, faces } : "it has no Latin letters";
}
