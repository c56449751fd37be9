/** @file Tables as text: RFC 4180, with commas, semicolons or tabs; cells in quotes may have line breaks. */
import type { Refuse } from "../archives/archive-entry.js";

const DELIMITERS = ["\t", ";", ","];

/**
 * The cells of every line that is not empty. Cells are separated by the tab, semicolon or comma that the first line has most
 * of; where it has none, by spaces.
 *
 * @param refuse - throws, given what is wrong: "its line 7 …"
 */
export function parseCsv(text: string, refuse: Refuse): string[][] {
  const first = /^[^\r\n]*/.exec(text)![0];
  const count = (delimiter: string) => first.split(delimiter).length;
  const best = DELIMITERS.reduce((most, each) => (count(each) > count(most) ? each : most));
  const delimiter = count(best) > 1 ? best : " ";
  const rows: string[][] = [];
  let row: string[] = [];
  const endRow = () => {
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  };
  for (let at = 0; at <= text.length; at++) {
    let cell: string;
    if (text[at] === '"') {
      const start = at + 1;
      let end = text.indexOf('"', start);
      while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
      if (end < 0) return refuse(`its row ${rows.length + 1} has a quote that does not end`);
      cell = text.slice(start, end).replaceAll('""', '"');
      at = end + 1;
    } else {
      const start = at;
      while (at < text.length && text[at] !== delimiter && text[at] !== "\n" && text[at] !== "\r") at++;
      cell = text.slice(start, at).trim();
    }
    row.push(cell);
    if (at < text.length && text[at] === delimiter) {
      if (delimiter === " ") while (text[at + 1] === " ") at++;
      continue;
    }
    if (text[at] === "\r" && text[at + 1] === "\n") at++;
    else if (at < text.length && text[at] !== "\n" && text[at] !== "\r") {
      return refuse(`its row ${rows.length + 1} has text behind a quoted cell`);
    }
    endRow();
  }
  return rows;
}
