/** @file The licences of all families in one text, in which what many of them share stands once. */
import type { Family } from "./fonts.js";

type Licensed = Pick<Family, "name" | "version" | "licence" | "licenceText">;

/** Where the text of a licence begins, after the copyright that is a font's own. */
const BEGINNING = /^[-\s]*(?:SIL OPEN FONT LICENSE|Apache License)\b/im;

/** Every family with its copyright and the number of its licence, then the licences word by word. */
export function licencesText(families: readonly Licensed[]): string {
  const texts: string[] = [];
  const own = families.map(({ name, version, licence, licenceText }) => {
    const begins = BEGINNING.exec(licenceText)?.index ?? 0;
    const text = licenceText.slice(begins).replaceAll("\r", "").trim();
    if (!texts.includes(text)) texts.push(text);
    const copyright = licenceText.slice(0, begins).replaceAll("\r", "").trim();
    const heading = `@fontsource/${name} ${version}: ${licence}, text ${texts.indexOf(text) + 1}`;
    return copyright === "" ? heading : `${heading}\n${copyright}`;
  });
  const rule = "=".repeat(80);
  return [
    "The pictures in glyphs.zip are drawn from these fonts. Each is named with its version, the number of its licence,",
    "whose text is below, and its authors' own words.",
    "",
    own.join("\n\n"),
    ...texts.map((text, index) => `\n${rule}\nText ${index + 1}\n${rule}\n\n${text}`),
    "",
  ].join("\n");
}
