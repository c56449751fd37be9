/**
 * @file How the embedded glyphs are kept: how much of every pixel a character covers, in 16 levels, 64×64 pixels each. The 36
 * characters of a face stand in a row, the faces of a family below one another, which makes a sheet: a lossless WebP in a zip
 * archive. Beside it lies a manifest, with what every sheet was drawn from.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { openZip } from "../../io/archives/zip.js";
import { packagePath } from "../../package-folder.js";
import { decodePixels } from "../decoding/decode.js";

/** The classes, in their order on a sheet. */
export const characters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"];

/** Pixels of a character on each side. */
export const CELL = 64;

/** Levels of coverage: 0 is paper, 15 is ink. */
export const LEVELS = 16;

/** Grey levels of a sheet between two of coverage: 0, 17, … 255. */
export const GREY_STEP = 255 / (LEVELS - 1);

/** Bytes that a sheet may have. */
const LARGEST_SHEET = 2 ** 20;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const manifestSchema = z.strictObject({
  characters: z.literal(characters.join("")),
  /** The archive of sheets. */
  archive: z.strictObject({ bytes: z.int().min(1), sha256 }),
  /** In the order of names; `NAME.webp` is the sheet of each. */
  families: z
    .array(
      z.strictObject({
        /** Of its package @fontsource/NAME. */
        name: z.string(),
        version: z.string(),
        /** An SPDX identifier. */
        licence: z.string(),
        /** The first of the families that all but coincide with this one: they stay together when the set is divided. */
        design: z.string(),
        /** Weight and style of each face, from top to bottom of the sheet, and the SHA-256 of its font file. */
        faces: z.array(z.strictObject({ name: z.string(), sha256 })).min(1),
      }),
    )
    .min(1),
});

/** What the archive of sheets was made from. */
export type GlyphManifest = z.output<typeof manifestSchema>;
type GlyphFamily = GlyphManifest["families"][number];

/** A file of the set. */
export const glyphFile = (name: string): string => packagePath(`datasets/glyphs/${name}`);

/** The manifest as it lies there: it changes when anything of the set does. */
export const manifestBytes = (): Buffer => readFileSync(glyphFile("manifest.json"));

export const readManifest = (): GlyphManifest => manifestSchema.parse(JSON.parse(manifestBytes().toString("utf8")));

/** The sheets of a set. */
export interface GlyphSheets extends AsyncDisposable {
  /** Coverage of a family's characters, uint8 [faces, 36, 64, 64], 0 … 15. */
  read(family: GlyphFamily): Promise<Uint8Array>;
}

/**
 * Opens the archive of sheets.
 *
 * @throws UserError when it is not the one that the manifest was written for
 */
export async function openSheets({ archive }: Pick<GlyphManifest, "archive">): Promise<GlyphSheets> {
  const path = glyphFile("glyphs.zip");
  const bytes = await readFile(path);
  if (createHash("sha256").update(bytes).digest("hex") !== archive.sha256) {
    const problem = `Expected the embedded glyphs at ${path} with the SHA-256 ${archive.sha256}, got another file`;
    throw new UserError("damaged", `${problem}. Install Strata again.`);
  }
  const zip = await openZip(bytes, path);
  const entries = new Map(zip.entries.map((entry) => [entry.name, entry]));
  return {
    read: async ({ name, faces }) => {
      const sheet = await zip.read(entries.get(`${name}.webp`)!, { largest: LARGEST_SHEET });
      return cellsOf(await decodePixels(sheet), faces.length);
    },
    [Symbol.asyncDispose]: () => zip[Symbol.asyncDispose](),
  };
}

/** A sheet cut into its cells, uint8 [faces, 36, 64, 64]. */
function cellsOf({ data, info: { channels } }: Awaited<ReturnType<typeof decodePixels>>, faces: number): Uint8Array {
  const cells = new Uint8Array(faces * characters.length * CELL ** 2);
  let from = 0;
  for (let line = 0; line < faces * CELL; line++) {
    const [face, row] = [Math.floor(line / CELL), line % CELL];
    for (let character = 0; character < characters.length; character++) {
      const to = ((face * characters.length + character) * CELL + row) * CELL;
      for (let column = 0; column < CELL; column++, from += channels) cells[to + column] = data[from] / GREY_STEP;
    }
  }
  return cells;
}
