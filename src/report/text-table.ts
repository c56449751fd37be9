/** @file Tables of text: in a page, in Markdown, as lines for a spreadsheet. */
import { type Html, html } from "../io/markup.js";

/** Headings, and cells under them: text, ready to be shown. */
export interface TextTable {
  columns: string[];
  rows: string[][];
}

/** A table of text, figures to the right. */
export function tableFigure({ columns, rows }: TextTable): Html {
  return html`<div class="scroll"><table>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map(([name, ...cells]) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
</table></div>`;
}

/** A table in Markdown. */
export function markdownTable({ columns, rows }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(columns), line(columns.map((_, index) => (index === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

/** A table as comma-separated values (RFC 4180). */
export function csvTable({ columns, rows }: TextTable): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [columns, ...rows].map((cells) => `${cells.map(cell).join(",")}\n`).join("");
}
