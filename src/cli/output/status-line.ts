/** @file One line on the state of a long task, made to fit the width of a terminal. */
import stringWidth from "string-width";

/** A part of a line. */
interface LinePart {
  text: string;
  /** The same in fewer letters, for a narrow terminal. */
  short?: string;
}

/** What a task says of its state: a text, or parts, each named once in `order`. */
export interface StatusParts {
  /** As they stand in the line; those that are undefined are left out. */
  parts: readonly (LinePart | string | undefined)[];
  /** Indices into `parts`, the most important first. Default: as they stand. */
  importance?: readonly number[];
}

export type Status = string | StatusParts;

const GAP = "  ";
const ELLIPSIS = "…";

/** The whole of it, for a file or a pipe. */
export const wholeLine = (status: Status): string => lineOf(rankedParts(status), "text");

/**
 * As much of it as fits: all parts; or all in their short form; or the same without the least important one, and so on. Of the
 * last one what fits.
 *
 * @param columns - cells of the terminal that may be used; a wide character takes two
 */
export function fittedLine(status: Status, columns: number): string {
  const ranked = rankedParts(status);
  for (let count = ranked.length; count > 0; count--) {
    const kept = ranked.slice(0, count);
    for (const form of ["text", "short"] as const) {
      const line = lineOf(kept, form);
      if (stringWidth(line) <= columns) return line;
    }
  }
  return ranked.length === 0 ? "" : cut(ranked[0].short, columns);
}

interface Ranked {
  place: number;
  text: string;
  short: string;
}

/** The parts that are there, the most important first. */
function rankedParts(status: Status): Ranked[] {
  const { parts, importance = [...parts.keys()] } = typeof status === "string" ? { parts: [status] } : status;
  return importance.flatMap((place) => {
    const part = parts[place];
    if (part === undefined) return [];
    const { text, short = text } = typeof part === "string" ? { text: part } : part;
    return [{ place, text: onOneLine(text), short: onOneLine(short) }];
  });
}

const lineOf = (ranked: readonly Ranked[], form: "text" | "short"): string =>
  [...ranked]
    .sort((a, b) => a.place - b.place)
    .map((part) => part[form])
    .join(GAP);

/** What names of files may hold, line breaks and commands to the terminal, is shown as a sign in their place. */
const onOneLine = (text: string): string => text.replace(/\p{Cc}/gu, "\u{fffd}");

const characters = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The beginning of a text that is too wide, with a sign that there is more. */
function cut(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let [kept, width] = ["", 0];
  for (const { segment } of characters.segment(text)) {
    width += stringWidth(segment);
    if (width > columns - stringWidth(ELLIPSIS)) break;
    kept += segment;
  }
  return columns > 0 ? kept + ELLIPSIS : "";
}
