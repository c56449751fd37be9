/**
 * @file The embedded glyphs: capital letters and digits of some four hundred open fonts, in colour, 64×64. All faces of a family,
 * and of families that all but coincide, fall on the same side of a split, so held-out fonts are unseen.
 */
import { createHash } from "node:crypto";
import { splitByKey } from "../split.js";
import { embedded } from "./embedded.js";
import { colourGlyph, colouringOf } from "./glyph-colours.js";
import { CELL, characters, type GlyphManifest, manifestBytes, openSheets, readManifest } from "./glyph-sheets.js";
import type { Source, SourceContent, SourceImage } from "./source.js";

/** All glyphs by family, face and character: `lora/400-italic/Q`. */
function glyphImages({ families }: Pick<GlyphManifest, "families">): SourceImage[] {
  const splits = splitByKey(families.map(({ design }) => design));
  return families.flatMap(({ name, design, faces }) =>
    faces.flatMap((face) =>
      characters.map((character, label) => ({
        name: `${name}/${face.name}/${character}`,
        split: splits.get(design)!,
        label,
      })),
    ),
  );
}

/** The glyphs of all families in colour, in the order of `images`. */
async function* coloured(manifest: GlyphManifest, images: readonly SourceImage[]): AsyncGenerator<SourceContent> {
  await using sheets = await openSheets(manifest);
  let index = 0;
  for (const family of manifest.families) {
    const masks = await sheets.read(family);
    for (let from = 0; from < masks.length; from += CELL ** 2, index++) {
      const mask = masks.subarray(from, from + CELL ** 2);
      yield { index, pixels: colourGlyph(mask, colouringOf(images[index].name)), width: CELL, height: CELL };
    }
  }
}

/** The embedded glyphs. */
export function glyphSource(): Source {
  return {
    ids: ["glyphs"],
    mirrorable: false,
    fingerprint: async () => createHash("sha256").update(manifestBytes()).digest("hex"),
    list: async () => {
      const manifest = readManifest();
      const images = glyphImages(manifest);
      return {
        id: "glyphs",
        description: "the embedded glyphs",
        classes: characters,
        images,
        refused: [],
        read: () => coloured(manifest, images),
        [Symbol.asyncDispose]: async () => {},
      };
    },
  };
}

/** `glyphs`, or `glyphs:64`. */
export const glyphs = embedded("glyphs", glyphSource);
